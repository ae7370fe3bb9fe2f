package dev.tarn.checkpoint;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The names that a pickle may mention: what state dicts of PyTorch and fastai v1 are made of, and nothing that could act.
 * Each stands for a rule in {@link PickleReader}; no class or function of that name is looked for anywhere.
 */
enum PickleGlobal {
    ORDERED_DICT("collections", "OrderedDict"),
    REBUILD_TENSOR("torch._utils", "_rebuild_tensor"),
    REBUILD_TENSOR_V2("torch._utils", "_rebuild_tensor_v2"),
    REBUILD_PARAMETER("torch._utils", "_rebuild_parameter"),
    /** How protocol 2 writes bytes. */
    ENCODE("_codecs", "encode"),
    /** Learning rates of a one-cycle schedule are numbers of numpy. */
    NUMPY_DTYPE("numpy", "dtype"),
    NUMPY_SCALAR("numpy.core.multiarray", "scalar"),
    NUMPY_2_SCALAR("numpy._core.multiarray", "scalar"),
    DOUBLE_STORAGE(DType.F64, "DoubleStorage"),
    FLOAT_STORAGE(DType.F32, "FloatStorage"),
    HALF_STORAGE(DType.F16, "HalfStorage"),
    BFLOAT16_STORAGE(DType.BF16, "BFloat16Storage"),
    LONG_STORAGE(DType.I64, "LongStorage"),
    INT_STORAGE(DType.I32, "IntStorage"),
    SHORT_STORAGE(DType.I16, "ShortStorage"),
    CHAR_STORAGE(DType.I8, "CharStorage"),
    BYTE_STORAGE(DType.U8, "ByteStorage"),
    BOOL_STORAGE(DType.BOOL, "BoolStorage");

    private static final Map<String, PickleGlobal> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(PickleGlobal::qualified, Function.identity()));

    private final String module;
    private final String name;
    private final @Nullable DType dtype;

    PickleGlobal(String module, String name) {
        this.module = module;
        this.name = name;
        this.dtype = null;
    }

    PickleGlobal(DType dtype, String name) {
        this.module = "torch";
        this.name = name;
        this.dtype = dtype;
    }

    /** The global of that name, or null if the list does not have it. */
    static @Nullable PickleGlobal find(String module, String name) {
        return BY_NAME.get(module + '.' + name);
    }

    /** As Python would write it in a sentence. */
    String qualified() {
        return module + '.' + name;
    }

    /** What a storage of this name holds; null for what is no storage. */
    @Nullable
    DType dtype() {
        return dtype;
    }
}
