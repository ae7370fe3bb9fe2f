package dev.tarn.backend.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Series of launches that come again and again with the same arguments: the first time they are launched one by one, the
 * second time recorded as a CUDA graph, and from then on the graph is launched, which costs the host a tenth.
 *
 * <p>A series is known by a number and the addresses that may differ from call to call. The system property
 * {@code tarn.cuda.graphs=off} has everything launched one by one. Ownership: the graphs, freed by {@link #close}.
 */
final class Replays implements AutoCloseable {

    private static final boolean IS_ON = !"off".equals(System.getProperty("tarn.cuda.graphs"));

    private final CudaDevice device;
    private final List<List<Series>> series = new ArrayList<>();

    private static final class Series {
        final long[] addresses;

        @Nullable
        CUgraphExec graph;

        Series(long[] addresses) {
            this.addresses = addresses;
        }
    }

    /** @param numbers how many series there are, counted from 0 */
    Replays(CudaDevice device, int numbers) {
        this.device = device;
        for (int i = 0; i < numbers; i++) {
            series.add(new ArrayList<>(2));
        }
    }

    /**
     * Queues a series.
     *
     * @param addresses all that its arguments depend on besides the number; copied
     * @param launches queues it by launches on the device's stream and nothing else; the same for the same numbers
     */
    void run(int number, long[] addresses, Runnable launches) {
        Series known = find(number, addresses);
        if (known == null || !IS_ON) {
            if (known == null) {
                series.get(number).add(new Series(addresses.clone()));
            }
            launches.run();
            return;
        }
        if (known.graph == null) {
            known.graph = record(launches);
        }
        Cuda.check(JCudaDriver.cuGraphLaunch(known.graph, device.stream()), "cuGraphLaunch");
    }

    private @Nullable Series find(int number, long[] addresses) {
        List<Series> candidates = series.get(number);
        for (int i = 0; i < candidates.size(); i++) {
            Series candidate = candidates.get(i);
            if (Arrays.equals(candidate.addresses, addresses)) {
                return candidate;
            }
        }
        return null;
    }

    private CUgraphExec record(Runnable launches) {
        CUgraph graph = new CUgraph();
        Cuda.check(
                JCudaDriver.cuStreamBeginCapture(
                        device.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
        try {
            launches.run();
        } finally {
            Cuda.check(JCudaDriver.cuStreamEndCapture(device.stream(), graph), "cuStreamEndCapture");
        }
        CUgraphExec ready = new CUgraphExec();
        Cuda.check(JCudaDriver.cuGraphInstantiate(ready, graph, 0), "cuGraphInstantiate");
        Cuda.check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
        return ready;
    }

    @Override
    public void close() {
        for (List<Series> same : series) {
            for (Series one : same) {
                if (one.graph != null) {
                    Cuda.check(JCudaDriver.cuGraphExecDestroy(one.graph), "cuGraphExecDestroy");
                }
            }
            same.clear();
        }
    }
}
