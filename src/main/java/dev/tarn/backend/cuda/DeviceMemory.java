package dev.tarn.backend.cuda;

import dev.tarn.OutOfDeviceMemoryException;
import java.util.Locale;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** Allocates device memory, and says how much is left when it does not suffice. Nothing in a step calls this. */
final class DeviceMemory {

    private static final double MEBI = 1 << 20;

    private final String device;
    private final CUstream stream;

    DeviceMemory(String device, CUstream stream) {
        this.device = device;
        this.stream = stream;
    }

    /**
     * Takes at least one byte.
     *
     * @param what it is for: {@code "logits [10,20] in arena x"}
     * @throws OutOfDeviceMemoryException if it does not fit
     */
    DevicePointer take(String what, long bytes) {
        DevicePointer pointer = new DevicePointer();
        int result = JCudaDriver.cuMemAlloc(pointer, Math.max(1, bytes));
        if (result == Cuda.OUT_OF_MEMORY) {
            long[] free = new long[1];
            long[] total = new long[1];
            Cuda.check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
            throw new OutOfDeviceMemoryException(String.format(
                    Locale.ROOT,
                    "%s needs %.1f MiB and %s has %.1f of its %.1f MiB left; take a smaller --bs or --bptt.",
                    what,
                    bytes / MEBI,
                    device,
                    free[0] / MEBI,
                    total[0] / MEBI));
        }
        Cuda.check(result, "cuMemAlloc");
        return pointer;
    }

    /** Takes memory and queues setting it to zero; {@code bytes} is a multiple of four. */
    DevicePointer takeZeroed(String what, long bytes) {
        DevicePointer pointer = take(what, bytes);
        zero(pointer, bytes);
        return pointer;
    }

    /** Queues setting a multiple of four bytes to zero. */
    void zero(DevicePointer pointer, long bytes) {
        if (bytes > 0) {
            Cuda.check(
                    JCudaDriver.cuMemsetD32Async(pointer, 0, bytes / CudaTensor.ELEMENT, stream), "cuMemsetD32Async");
        }
    }

    /** Queues a copy between two places that do not overlap. */
    void copy(DevicePointer source, DevicePointer target, long bytes) {
        Cuda.check(JCudaDriver.cuMemcpyDtoDAsync(target, source, bytes, stream), "cuMemcpyDtoDAsync");
    }

    /** Gives memory back; waits for the work that may use it. */
    void giveBack(DevicePointer pointer) {
        Cuda.check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
        Cuda.check(JCudaDriver.cuMemFree(pointer), "cuMemFree");
    }
}
