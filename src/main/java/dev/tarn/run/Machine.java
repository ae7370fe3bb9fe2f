package dev.tarn.run;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What this runs on.
 *
 * @param java version and vendor
 * @param os name and version
 * @param arch as Java calls it: {@code amd64}, {@code aarch64}
 * @param cpu the processor's name, or the architecture where the system does not tell
 * @param processors that this process may use
 * @param memoryBytes of the machine, or of the container; 0 if unknown
 * @param features of the processor that matter to matrix products, as Linux calls them; empty if unknown
 */
public record Machine(
        String java, String os, String arch, String cpu, int processors, long memoryBytes, Set<String> features) {

    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** Instruction sets that oneDNN chooses its kernels by. */
    private static final Set<String> INTERESTING = Set.of(
            "sse4_1",
            "avx",
            "avx2",
            "fma",
            "avx512f",
            "avx512bw",
            "avx512_vnni",
            "avx_vnni",
            "avx512_bf16",
            "avx512_fp16",
            "amx_tile",
            "amx_bf16",
            "amx_int8",
            "asimd",
            "sve",
            "bf16",
            "i8mm");

    /** This machine. */
    public static Machine current() {
        List<String> lines = cpuInfo();
        Set<String> features = new TreeSet<>();
        Stream.concat(values(lines, "flags"), values(lines, "Features"))
                .limit(1)
                .flatMap(flags -> Stream.of(flags.split(" ", -1)))
                .filter(INTERESTING::contains)
                .forEach(features::add);
        String arch = System.getProperty("os.arch", "unknown");
        return new Machine(
                System.getProperty("java.version", "unknown") + " (" + System.getProperty("java.vendor", "unknown")
                        + ")",
                System.getProperty("os.name", "unknown") + " " + System.getProperty("os.version", ""),
                arch,
                values(lines, "model name").findFirst().orElse(arch),
                Runtime.getRuntime().availableProcessors(),
                totalMemory(),
                features);
    }

    /** The same as part of a JSON document. */
    public JsonEvent toJson() {
        return JsonEvent.object()
                .with("java", java)
                .with("os", os)
                .with("arch", arch)
                .with("cpu", cpu)
                .with("processors", processors)
                .with("memory_bytes", memoryBytes)
                .with("features", features);
    }

    private static List<String> cpuInfo() {
        try {
            return Files.isReadable(CPU_INFO) ? Files.readAllLines(CPU_INFO) : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static Stream<String> values(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.indexOf(':') > 0
                        && line.substring(0, line.indexOf(':')).strip().equals(key))
                .map(line -> line.substring(line.indexOf(':') + 1).strip());
    }

    private static long totalMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }
}
