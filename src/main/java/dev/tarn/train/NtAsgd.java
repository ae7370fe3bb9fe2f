package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Non-monotonically triggered averaged SGD (Merity et al. 2017, section 5): plain SGD until the validation loss stops
 * improving, from then on also the running mean of all weights, which is what gets validated and kept.
 *
 * <p>The trigger is that of the authors' code, not of the paper's listing: a loss worse than the best of all earlier ones
 * but the last n. It fires once. The mean is that of the paper, over every weight vector after the trigger; PyTorch's ASGD,
 * which the authors used, leaves the first one out.
 *
 * <p>While averaged weights are in the parameters, the gradient tensor, whose content is dead between steps, holds the
 * training weights.
 */
public final class NtAsgd implements Optimizer {

    static final String KIND = "nt-asgd";
    private static final String RAW = "raw";

    private final Sgd sgd;
    private final Backend backend;
    private final Tensor parameters;
    private final Tensor gradients;
    private final List<Segment> segments;
    private final int patience;
    private final Arena arena;
    private final Tensor average;
    private final List<Double> validLosses = new ArrayList<>();
    private long averaged;
    private boolean triggered;

    NtAsgd(
            OptimizerConfig.NtAsgdConfig config,
            Backend backend,
            Tensor parameters,
            Tensor gradients,
            List<Segment> segments,
            double[] wd) {
        this.sgd = new Sgd(
                new OptimizerConfig.SgdConfig(0, config.wd(), config.trueWd()),
                backend,
                parameters,
                gradients,
                segments,
                wd);
        this.backend = backend;
        this.parameters = parameters;
        this.gradients = gradients;
        this.segments = List.copyOf(segments);
        this.patience = config.patience();
        this.arena = backend.arena("averaged weights");
        this.average = arena.real("average", Math.toIntExact(parameters.size()));
    }

    /**
     * Whether a validation loss starts the averaging: there are more than {@code patience} earlier ones, and it is worse
     * than the best of them without the last {@code patience}.
     */
    static boolean triggers(double validLoss, List<Double> earlier, int patience) {
        int considered = earlier.size() - patience;
        return considered > 0
                && validLoss
                        > earlier.subList(0, considered).stream()
                                .mapToDouble(Double::doubleValue)
                                .min()
                                .orElseThrow();
    }

    @Override
    public void step(double[] lr, double momentum, @Nullable Tensor clip) {
        sgd.step(lr, momentum, clip);
        if (triggered) {
            averaged++;
            backend.average(parameters, average, segments, 1.0 / averaged);
        }
    }

    @Override
    public long steps() {
        return sgd.steps();
    }

    /** Whether the weights are being averaged. */
    public boolean isAveraging() {
        return triggered;
    }

    @Override
    public void validated(double validLoss) {
        if (triggered) {
            return;
        }
        triggered = triggers(validLoss, validLosses, patience);
        validLosses.add(validLoss);
        if (triggered) {
            // Frozen segments are never averaged, so their share of the average has to be right from the start.
            backend.copy(parameters, average);
        }
    }

    @Override
    public void useEvaluationWeights() {
        if (averaged > 0) {
            backend.copy(parameters, gradients);
            backend.copy(average, parameters);
        }
    }

    @Override
    public void useTrainingWeights() {
        if (averaged > 0) {
            backend.copy(gradients, parameters);
        }
    }

    @Override
    public OptimizerState save(BiConsumer<String, Tensor> tensors) {
        if (averaged > 0) {
            tensors.accept(RAW, gradients);
        }
        return new OptimizerState(KIND, steps(), triggered ? averaged : -1, validLosses);
    }

    @Override
    public void restore(OptimizerState state, BiConsumer<String, Tensor> tensors) {
        state.expect(KIND);
        sgd.restore(OptimizerState.of(Sgd.KIND, state.steps()), tensors);
        validLosses.clear();
        validLosses.addAll(state.validLosses());
        triggered = state.averaged() >= 0;
        averaged = Math.max(0, state.averaged());
        backend.copy(parameters, average);
        if (averaged > 0) {
            tensors.accept(RAW, gradients);
            backend.copy(gradients, parameters);
        }
    }

    @Override
    public void close() {
        sgd.close();
        arena.close();
    }
}
