"""Exception groups: raised, split by `except*`, nested, raised again; notes."""
# oracle: since=3.11
import gc

gc.disable()


def groups():
    caught = []
    try:
        raise ExceptionGroup("many", [ValueError(1), TypeError("t"), ExceptionGroup("in", [KeyError(2)])])
    except* ValueError as group:
        caught.append(len(group.exceptions))
    except* (TypeError, KeyError) as group:
        caught.append([type(e).__name__ for e in group.exceptions])
    return caught


def again(errors):
    try:
        try:
            raise ExceptionGroup("again", errors)
        except* KeyError:
            kept = list(errors)
            raise
        finally:
            errors.append("seen")
    except ExceptionGroup as rest:
        return [type(e).__name__ for e in rest.exceptions], kept


def naked(value):
    try:
        value.missing
    except* AttributeError as group:
        return_value = group.exceptions[0].args
    else:
        return_value = None
    return return_value


print(groups(), again([KeyError(1), OSError(2)]), naked([1]))
try:
    del unbound
except NameError as why:
    why.add_note("a note")
    print(why, why.__notes__)
