package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Adam (Kingma &amp; Ba 2015) in fastai v1's order: decay first, then the update, with this step's momentum as beta1, also in
 * the bias correction. {@link Backend#adam} has the formula.
 */
public final class Adam implements Optimizer {

    static final String KIND = "adam";
    private static final String FIRST = "exp_avg";
    private static final String SECOND = "exp_avg_sq";

    private final Backend backend;
    private final Tensor parameters;
    private final Tensor gradients;
    private final List<Segment> segments;
    private final double[] wd;
    private final OptimizerConfig.AdamConfig config;
    private final Arena arena;
    private final Tensor m;
    private final Tensor v;
    private long steps;

    Adam(
            OptimizerConfig.AdamConfig config,
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
        this.config = config;
        this.arena = backend.arena("Adam moments");
        this.m = arena.real(FIRST, Math.toIntExact(parameters.size()));
        this.v = arena.real(SECOND, Math.toIntExact(parameters.size()));
    }

    @Override
    public void step(double[] lr, double momentum, @Nullable Tensor clip) {
        steps++;
        backend.adam(
                parameters,
                gradients,
                m,
                v,
                segments,
                lr,
                wd,
                config.trueWd(),
                momentum,
                config.beta2(),
                config.eps(),
                steps,
                clip);
    }

    @Override
    public long steps() {
        return steps;
    }

    @Override
    public OptimizerState save(BiConsumer<String, Tensor> tensors) {
        tensors.accept(FIRST, m);
        tensors.accept(SECOND, v);
        return OptimizerState.of(KIND, steps);
    }

    @Override
    public void restore(OptimizerState state, BiConsumer<String, Tensor> tensors) {
        state.expect(KIND);
        steps = state.steps();
        tensors.accept(FIRST, m);
        tensors.accept(SECOND, v);
    }

    @Override
    public void close() {
        arena.close();
    }
}
