/* Field numbers of `Recording`. A test holds them against recording.proto. */
#ifndef TF_RECORD_H
#define TF_RECORD_H

enum tf_record {
    TF_REC_HEADER = 1,
    TF_REC_DEFINITIONS = 2,
    TF_REC_SOURCE = 3,
    TF_REC_CHUNK = 4,
    TF_REC_POSTINGS = 5,
    TF_REC_SUMMARY = 6,
    TF_REC_CHECKPOINT = 7,
    TF_REC_INDEX = 8,
    TF_REC_FOOTER = 9,
    TF_REC_WRITES = 10,
};

#endif
