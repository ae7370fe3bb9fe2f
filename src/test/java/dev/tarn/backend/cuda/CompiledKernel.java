package dev.tarn.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a compiler says of a kernel that it translated for a GPU.
 *
 * @param stackBytes local memory of a thread, spills included
 */
record CompiledKernel(String name, int registers, int sharedBytes, int stackBytes, int spilledBytes) {

    private static final Pattern ENTRY = Pattern.compile(
            "Compiling entry function '(\\w+)'.*?"
                    + "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads.*?Used (\\d+) registers([^\\n]*)",
            Pattern.DOTALL);
    private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

    /** Reads what {@code --verbose} makes a compiler say. */
    static List<CompiledKernel> parse(String log) {
        List<CompiledKernel> kernels = new ArrayList<>();
        Matcher entry = ENTRY.matcher(log);
        while (entry.find()) {
            Matcher shared = SHARED.matcher(entry.group(6));
            kernels.add(new CompiledKernel(
                    entry.group(1),
                    Integer.parseInt(entry.group(5)),
                    shared.find() ? Integer.parseInt(shared.group(1)) : 0,
                    Integer.parseInt(entry.group(2)),
                    Integer.parseInt(entry.group(3)) + Integer.parseInt(entry.group(4))));
        }
        return kernels;
    }
}
