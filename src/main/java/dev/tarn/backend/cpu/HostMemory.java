package dev.tarn.backend.cpu;

import com.sun.management.OperatingSystemMXBean;
import dev.tarn.OutOfDeviceMemoryException;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The main memory that this process may use, and how much of it one backend has taken. The system promises more memory
 * than it has and ends the process when the promise falls due, so a request that cannot fit is refused here.
 * Thread-safety: one thread at a time, as the backend.
 */
final class HostMemory {

    private static final double GIB = 1L << 30;

    private final long total;
    private long taken;

    HostMemory(long total) {
        this.total = total;
    }

    /** All of the machine or the container. */
    static HostMemory ofThisMachine() {
        return new HostMemory(
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize());
    }

    /**
     * Takes memory filled with zeros.
     *
     * @param what for the error: {@code "logits [64,60000]"}
     */
    Block take(String what, long bytes) {
        if (bytes > Block.MAX_BYTES) {
            throw new OutOfDeviceMemoryException(
                    "Out of memory on cpu: %s needs %s, but one tensor holds at most 2 GiB; use a smaller --batch-size or --bptt."
                            .formatted(what, text(bytes)));
        }
        Block block = bytes <= total - taken ? allocate(bytes) : null;
        if (block == null) {
            throw new OutOfDeviceMemoryException(
                    "Out of memory on cpu: %s needs %s, but %s of %s are taken; use a smaller --batch-size or --bptt."
                            .formatted(what, text(bytes), text(taken), text(total)));
        }
        taken += bytes;
        return block;
    }

    private static @Nullable Block allocate(long bytes) {
        return Block.allocate(bytes);
    }

    void giveBack(Block block) {
        taken -= block.bytes();
        block.close();
    }

    long taken() {
        return taken;
    }

    private static String text(long bytes) {
        return bytes < GIB / 10
                ? String.format(Locale.ROOT, "%.1f MiB", bytes / GIB * 1024)
                : String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
    }
}
