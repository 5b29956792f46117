/* What libFuzzer calls: https://llvm.org/docs/LibFuzzer.html */
#include "fz_mutate.h"
#include "fz_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t max);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fz_try(data, len);
    return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t max, unsigned seed)
{
    size_t head = fz_target.head;
    if (fz_target.text || len <= head || (head > 0 && data[0] == 0 && seed % 4 == 0)
        || seed % 64 == 1) {
        return LLVMFuzzerMutate(data, len, max);
    }
    return head
           + fz_mutate(data + head, len - head, max - head, seed, LLVMFuzzerMutate);
}
