package dev.tarn.backend.cuda;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What PTX says of one of its kernels: how many threads a block has and which parameters it takes. A launch passes them as
 * bytes that no one else looks at, so {@link Kernel} holds every argument against this.
 *
 * @param blockSize threads of a block, from {@code .maxntid}
 */
record KernelSignature(String name, int blockSize, List<Parameter> parameters) {

    /** What a parameter is. PTX tells widths, not signs, and calls pointers what other 64-bit numbers are. */
    enum Type {
        INT32(4),
        INT64(8),
        FLOAT32(4),
        FLOAT64(8),
        STRUCT(0);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }
    }

    /**
     * One parameter.
     *
     * @param offset where it starts among the bytes of all
     */
    record Parameter(Type type, int offset, int bytes) {}

    private static final Pattern ENTRY = Pattern.compile(
            "\\.visible\\s+\\.entry\\s+(\\w+)\\s*\\(([^)]*)\\)\\s*((?:\\.\\w+[^{]*?)?)\\{", Pattern.DOTALL);
    private static final Pattern PARAMETER =
            Pattern.compile("\\.param\\s+(?:\\.align\\s+(\\d+)\\s+)?\\.(\\w+)\\s+\\w+(?:\\[(\\d+)\\])?");
    private static final Pattern BLOCK_SIZE = Pattern.compile("\\.maxntid\\s+(\\d+)");

    KernelSignature {
        parameters = List.copyOf(parameters);
    }

    /** How many bytes all parameters take. */
    int parameterBytes() {
        if (parameters.isEmpty()) {
            return 0;
        }
        Parameter last = parameters.get(parameters.size() - 1);
        return last.offset + last.bytes;
    }

    /**
     * The kernels of a module by name, in the order in which they stand.
     *
     * @throws IllegalArgumentException if a kernel has a parameter of a type that none of ours has, or no block size
     */
    static Map<String, KernelSignature> parse(String ptx) {
        Map<String, KernelSignature> kernels = new LinkedHashMap<>();
        Matcher entry = ENTRY.matcher(ptx);
        while (entry.find()) {
            String name = entry.group(1);
            Matcher size = BLOCK_SIZE.matcher(entry.group(3));
            if (!size.find()) {
                throw new IllegalArgumentException("kernel " + name + " has no .maxntid");
            }
            kernels.put(
                    name, new KernelSignature(name, Integer.parseInt(size.group(1)), parameters(name, entry.group(2))));
        }
        return kernels;
    }

    private static List<Parameter> parameters(String kernel, String list) {
        List<Parameter> parameters = new ArrayList<>();
        Matcher parameter = PARAMETER.matcher(list);
        int end = 0;
        while (parameter.find()) {
            boolean isArray = parameter.group(3) != null;
            Type type = isArray ? Type.STRUCT : type(kernel, parameter.group(2));
            int bytes = isArray ? Integer.parseInt(parameter.group(3)) : type.bytes;
            int alignment = parameter.group(1) == null ? bytes : Integer.parseInt(parameter.group(1));
            int offset = (end + alignment - 1) / alignment * alignment;
            parameters.add(new Parameter(type, offset, bytes));
            end = offset + bytes;
        }
        return parameters;
    }

    private static Type type(String kernel, String word) {
        return switch (word) {
            case "u32", "s32", "b32" -> Type.INT32;
            case "u64", "s64", "b64" -> Type.INT64;
            case "f32" -> Type.FLOAT32;
            case "f64" -> Type.FLOAT64;
            default ->
                throw new IllegalArgumentException(
                        "kernel " + kernel + " has a parameter of type ." + word + ", which no kernel of Tarn takes");
        };
    }

    /** {@code locked_dropout(int64, int64, struct 40, int32, int32, int32)}. */
    @Override
    public String toString() {
        List<String> words = new ArrayList<>();
        for (Parameter parameter : parameters) {
            String word = parameter.type.name().toLowerCase(Locale.ROOT);
            words.add(parameter.type == Type.STRUCT ? word + " " + parameter.bytes : word);
        }
        return name + "(" + String.join(", ", words) + ")";
    }
}
