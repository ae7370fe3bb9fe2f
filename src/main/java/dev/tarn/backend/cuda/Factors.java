package dev.tarn.backend.cuda;

import dev.tarn.backend.Precision;
import org.jspecify.annotations.Nullable;

/**
 * What a matrix product reads in the precision of the run: with bfloat16 a rounded copy in memory of its own, otherwise the
 * numbers themselves. Ownership: the copy, freed by {@link #close}.
 */
final class Factors implements AutoCloseable {

    private final CudaDevice device;
    private final @Nullable DevicePointer rounded;
    private final Kernel round;

    /**
     * @param what they are, for error messages
     * @param count how many at most
     */
    Factors(CudaDevice device, String what, long count) {
        this.device = device;
        round = device.kernel("round_to_bf16");
        rounded = device.precision() == Precision.BF16 ? device.memory().take(what, count * Short.BYTES) : null;
    }

    /** Where the factors are, if they are not the numbers themselves; kernels that round by themselves write here. */
    @Nullable
    DevicePointer rounded() {
        return rounded;
    }

    /** Takes {@code count} numbers as the first factors. */
    DevicePointer of(DevicePointer numbers, long count) {
        if (rounded == null) {
            return numbers;
        }
        int vec = count % 4 == 0 && numbers.isAligned(4 * Float.BYTES) ? 4 : 1;
        round.begin()
                .pointer(rounded)
                .pointer(numbers)
                .int64(count)
                .int32(vec)
                .launch(Kernel.blocks(count, (long) round.blockSize() * vec));
        return rounded;
    }

    /** Where the factors are that {@link #of}, or a kernel that rounds by itself, made of these numbers. */
    DevicePointer again(DevicePointer numbers) {
        return rounded == null ? numbers : rounded;
    }

    @Override
    public void close() {
        if (rounded != null) {
            device.memory().giveBack(rounded);
        }
    }
}
