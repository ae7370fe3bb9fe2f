package dev.tarn.backend.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/** What the software device counts, in the order of {@code native-tests/device/counters.h}. */
enum DeviceCounter {
    LAUNCHES(0),
    TO_DEVICE(1),
    TO_DEVICE_BYTES(2),
    FROM_DEVICE(3),
    FROM_DEVICE_BYTES(4),
    ON_DEVICE(5),
    ON_DEVICE_BYTES(6),
    MEMSETS(7),
    ALLOCATIONS(8),
    PINNED_ALLOCATIONS(9),
    SYNCHRONISATIONS(10),
    CUBLAS_CALLS(11),
    CUDNN_CALLS(12),
    FAULTS(13),
    LEAKS(14),
    GRAPH_LAUNCHES(15),
    ERRORS(16);

    private static final int ATTRIBUTE = 100_000;

    private final int number;

    DeviceCounter(int number) {
        this.number = number;
    }

    /** How often it happened in this process so far; the driver must have been started. */
    long value() {
        int attribute = ATTRIBUTE + 2 * number;
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
