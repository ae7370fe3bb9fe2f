package dev.tarn.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What Linux says of the machine and of this process, from {@code /proc}. */
final class Machine {

    /** Ticks in a second of {@code /proc/stat}, fixed by the kernel's interface on every platform that a JDK runs on. */
    private static final double TICKS = 100;

    private Machine() {}

    /** Seconds of processor time since boot or start, and of the clock. */
    record Use(double everyone, double mine, double clock) {

        /** The share of all processors that other processes took since {@code earlier}. */
        double foreignShareSince(Use earlier) {
            double foreign = (everyone - earlier.everyone) - (mine - earlier.mine);
            double available = (clock - earlier.clock) * Runtime.getRuntime().availableProcessors();
            return Math.max(0, foreign / available);
        }
    }

    static Use use() {
        String[] all = lines("/proc/stat").get(0).trim().split("\\s+", -1);
        // user, nice, system, irq, softirq, steal; not idle and iowait
        double busy = 0;
        for (int field : new int[] {1, 2, 3, 6, 7, 8}) {
            busy += Double.parseDouble(all[field]);
        }
        String self = lines("/proc/self/stat").get(0);
        String[] mine = self.substring(self.lastIndexOf(')') + 2).split(" ", -1);
        return new Use(
                busy / TICKS,
                (Double.parseDouble(mine[11]) + Double.parseDouble(mine[12])) / TICKS,
                System.nanoTime() / 1e9);
    }

    /** The most memory that this process has had resident, in bytes (VmHWM). */
    static long peakBytes() {
        return 1024 * Long.parseLong(field("/proc/self/status", "VmHWM").replaceAll("\\D", ""));
    }

    static String processor() {
        return field("/proc/cpuinfo", "model name");
    }

    private static String field(String file, String name) {
        return lines(file).stream()
                .filter(line -> line.startsWith(name))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .orElse("0");
    }

    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("The benchmark reads " + file + ", which only Linux has", e);
        }
    }
}
