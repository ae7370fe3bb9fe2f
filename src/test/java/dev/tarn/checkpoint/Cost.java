package dev.tarn.checkpoint;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What a piece of work cost the thread that did it.
 *
 * @param allocatedBytes on the heap, all in all
 * @param cpuNanos processor time, which other work on the machine does not lengthen
 */
record Cost(long allocatedBytes, long cpuNanos) {

    static Cost of(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long bytes = threads.getCurrentThreadAllocatedBytes();
        long nanos = threads.getCurrentThreadCpuTime();
        work.run();
        return new Cost(threads.getCurrentThreadAllocatedBytes() - bytes, threads.getCurrentThreadCpuTime() - nanos);
    }
}
