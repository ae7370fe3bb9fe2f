package dev.tarn.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** Host memory that the device copies to and from by itself, and the mark of the latest such copy. */
final class Pinned implements AutoCloseable {

    private final CUstream stream;
    private final Pointer pointer = new Pointer();
    private final CUevent copied = new CUevent();
    private final ByteBuffer buffer;
    private boolean isPending;

    Pinned(CUstream stream, int bytes) {
        this.stream = stream;
        Cuda.check(JCudaDriver.cuMemAllocHost(pointer, bytes), "cuMemAllocHost");
        buffer = pointer.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
        int result = JCudaDriver.cuEventCreate(copied, CUevent_flags.CU_EVENT_DISABLE_TIMING);
        if (result != Cuda.SUCCESS) {
            Cuda.check(JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost");
            Cuda.check(result, "cuEventCreate");
        }
    }

    /** The memory; to be touched only when {@link #await} has returned after the latest copy. */
    ByteBuffer buffer() {
        return buffer;
    }

    /** Queues a copy of the first bytes to the device. */
    void send(DevicePointer target, long bytes) {
        Cuda.check(JCudaDriver.cuMemcpyHtoDAsync(target, pointer, bytes, stream), "cuMemcpyHtoDAsync");
        mark();
    }

    /** Queues a copy from the device to the first bytes. */
    void receive(DevicePointer source, long bytes) {
        Cuda.check(JCudaDriver.cuMemcpyDtoHAsync(pointer, source, bytes, stream), "cuMemcpyDtoHAsync");
        mark();
    }

    private void mark() {
        Cuda.check(JCudaDriver.cuEventRecord(copied, stream), "cuEventRecord");
        isPending = true;
    }

    /** Waits for the latest copy, if it is not long done. */
    void await() {
        if (!isPending) {
            return;
        }
        int result = JCudaDriver.cuEventQuery(copied);
        if (result == Cuda.NOT_READY) {
            result = JCudaDriver.cuEventSynchronize(copied);
        }
        Cuda.check(result, "cuEventSynchronize");
        isPending = false;
    }

    @Override
    public void close() {
        Cuda.check(JCudaDriver.cuEventDestroy(copied), "cuEventDestroy");
        Cuda.check(JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost");
    }
}
