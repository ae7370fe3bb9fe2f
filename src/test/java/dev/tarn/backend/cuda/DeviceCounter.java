package dev.tarn.backend.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/** What the software device counts, as {@code native-tests/device/counters.h} has it. */
enum DeviceCounter {
    LAUNCHES(100_000),
    TO_DEVICE(100_002),
    TO_DEVICE_BYTES(100_004),
    FROM_DEVICE(100_006),
    FROM_DEVICE_BYTES(100_008),
    ON_DEVICE(100_010),
    ON_DEVICE_BYTES(100_012),
    MEMSETS(100_014),
    ALLOCATIONS(100_016),
    PINNED_ALLOCATIONS(100_018),
    SYNCHRONISATIONS(100_020),
    CUBLAS_CALLS(100_022),
    CUDNN_CALLS(100_024),
    FAULTS(100_026),
    LEAKS(100_028),
    GRAPH_LAUNCHES(100_030),
    ERRORS(100_032);

    /** The attribute of a device that gives the low half; the next gives the high one. */
    private final int attribute;

    DeviceCounter(int attribute) {
        this.attribute = attribute;
    }

    /** How often it happened in this process so far; the driver must have been started. */
    long value() {
        return (long) half(attribute + 1) << 32 | Integer.toUnsignedLong(half(attribute));
    }

    private static int half(int which) {
        CUdevice device = new CUdevice();
        Cuda.check(JCudaDriver.cuDeviceGet(device, 0), "cuDeviceGet");
        int[] value = new int[1];
        Cuda.check(JCudaDriver.cuDeviceGetAttribute(value, which, device), "cuDeviceGetAttribute");
        return value[0];
    }
}
