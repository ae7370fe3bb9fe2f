package dev.tarn.train;

import dev.tarn.backend.Decoder;
import dev.tarn.backend.Readback;
import dev.tarn.data.Batch;
import dev.tarn.data.StreamReader;
import dev.tarn.data.Tokens;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures a model step by step far beyond the windows that it was trained on, see {@link Horizon}. A device gives one mean
 * loss for a window, so windows are cut where buckets end, and at bptt; the state is carried over every cut. The memory
 * that it takes depends on bptt and the number of streams, not on the horizon.
 */
final class HorizonEvaluator implements AutoCloseable {

    private final StreamReader reader;
    private final int bptt;
    private final int horizon;
    private final LmWorkspace workspace;
    private final LayerNorms norms;
    private final Readback stats;
    private final double[] values = new double[Decoder.STATS];

    /** Of the bucket that is being filled. */
    private double loss;

    private final List<Moments> moments = new ArrayList<>();

    /** @param streams at most {@link Horizon#streams} */
    HorizonEvaluator(LanguageModel model, Tokens tokens, int horizon, int streams, int bptt, boolean backwards) {
        int maxSteps = Math.min(bptt, horizon);
        this.reader = new StreamReader(tokens, streams, maxSteps, backwards);
        this.bptt = bptt;
        this.horizon = horizon;
        this.workspace = model.evaluationWorkspace(streams, maxSteps);
        try {
            this.norms = new LayerNorms(model.backend(), workspace);
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
        this.stats = model.backend().readback(workspace.stats());
        for (int layer = 0; layer < norms.layers(); layer++) {
            moments.add(new Moments());
        }
    }

    /** Runs every stream from a zero state to the horizon; to be called once. */
    Horizon run() {
        workspace.resetState();
        List<Horizon.Bucket> buckets = new ArrayList<>();
        int done = 0;
        for (int end : Horizon.ends(horizon)) {
            buckets.add(bucket(done + 1, end));
            done = end;
        }
        return new Horizon(norms.batch(), bptt, buckets);
    }

    private Horizon.Bucket bucket(int from, int to) {
        loss = 0;
        moments.forEach(Moments::clear);
        for (int done = from - 1; done < to; ) {
            int steps = Math.min(workspace.maxSteps(), to - done);
            Batch batch = reader.next(steps);
            workspace.evaluate(batch.inputs(), batch.targets(), steps);
            // Its numbers are read while this window runs.
            take();
            stats.record();
            norms.record(steps, false);
            done += steps;
        }
        take();
        return new Horizon.Bucket(
                from,
                to,
                loss / (to - from + 1),
                moments.stream().map(Moments::mean).toList(),
                moments.stream().map(Moments::deviation).toList());
    }

    private void take() {
        int steps = norms.take();
        if (steps == 0) {
            return;
        }
        stats.await(values);
        loss += values[0] * steps;
        for (int layer = 0; layer < norms.layers(); layer++) {
            for (int t = 0; t < steps; t++) {
                for (int b = 0; b < norms.batch(); b++) {
                    moments.get(layer).add(norms.norm(layer, t, b));
                }
            }
        }
    }

    @Override
    public void close() {
        norms.close();
        workspace.close();
    }
}
