package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Stochastic gradient descent, with PyTorch's momentum. Configured with momentum 0 it has no buffer and ignores the
 * momentum of the schedule (Merity et al. train so); otherwise the schedule's momentum counts. {@link Backend#sgd} has the
 * formula.
 */
public final class Sgd implements Optimizer {

    static final String KIND = "sgd";
    private static final String BUFFER = "momentum_buffer";

    private final Backend backend;
    private final Tensor parameters;
    private final Tensor gradients;
    private final List<Segment> segments;
    private final double[] wd;
    private final boolean trueWd;
    private final Arena arena;
    private final @Nullable Tensor buffer;
    private long steps;

    Sgd(
            OptimizerConfig.SgdConfig config,
            Backend backend,
            Tensor parameters,
            Tensor gradients,
            List<Segment> segments,
            double[] wd) {
        this.backend = backend;
        this.parameters = parameters;
        this.gradients = gradients;
        this.segments = List.copyOf(segments);
        this.wd = wd.clone();
        this.trueWd = config.trueWd();
        this.arena = backend.arena("SGD momentum");
        this.buffer = config.momentum() == 0 ? null : arena.real(BUFFER, Math.toIntExact(parameters.size()));
    }

    @Override
    public void step(double[] lr, double momentum, @Nullable Tensor clip) {
        steps++;
        double used = buffer == null ? 0 : momentum;
        backend.sgd(parameters, gradients, buffer, segments, lr, wd, trueWd, used, steps, clip);
    }

    @Override
    public long steps() {
        return steps;
    }

    @Override
    public OptimizerState save(BiConsumer<String, Tensor> tensors) {
        if (buffer != null) {
            tensors.accept(BUFFER, buffer);
        }
        return OptimizerState.of(KIND, steps);
    }

    @Override
    public void restore(OptimizerState state, BiConsumer<String, Tensor> tensors) {
        state.expect(KIND);
        steps = state.steps();
        if (buffer != null) {
            tensors.accept(BUFFER, buffer);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
