package dev.tarn.backend.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/** What the software device counts, in the order of {@code native-tests/device/counters.h}. */
enum DeviceCounter {
    LAUNCHES,
    TO_DEVICE,
    TO_DEVICE_BYTES,
    FROM_DEVICE,
    FROM_DEVICE_BYTES,
    ON_DEVICE,
    ON_DEVICE_BYTES,
    MEMSETS,
    ALLOCATIONS,
    PINNED_ALLOCATIONS,
    SYNCHRONISATIONS,
    CUBLAS_CALLS,
    CUDNN_CALLS,
    FAULTS,
    LEAKS,
    GRAPH_LAUNCHES,
    ERRORS;

    private static final int ATTRIBUTE = 100_000;

    /** How often it happened in this process so far; the driver must have been started. */
    long value() {
        int attribute = ATTRIBUTE + 2 * ordinal();
        return (long) half(attribute + 1) << 32 | Integer.toUnsignedLong(half(attribute));
    }

    private static int half(int attribute) {
        CUdevice device = new CUdevice();
        Cuda.check(JCudaDriver.cuDeviceGet(device, 0), "cuDeviceGet");
        int[] value = new int[1];
        Cuda.check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }
}
