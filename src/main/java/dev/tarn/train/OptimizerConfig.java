package dev.tarn.train;

import dev.tarn.ConfigException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import java.util.Arrays;
import java.util.List;

/** Which optimizer, and its numbers. */
public sealed interface OptimizerConfig {

    /**
     * Adam with fastai's defaults.
     *
     * @param beta1 momentum where the schedule gives none
     * @param wd weight decay of every parameter, biases included
     * @param trueWd decoupled decay (fastai's true_wd, AdamW); false adds {@code wd·p} to the gradient
     */
    record AdamConfig(double beta1, double beta2, double eps, double wd, boolean trueWd) implements OptimizerConfig {

        public static final AdamConfig DEFAULT = new AdamConfig(0.9, 0.99, 1e-8, 0.01, true);

        public AdamConfig {
            unit("beta1", beta1);
            unit("beta2", beta2);
            decay(wd);
            if (!(eps > 0)) {
                throw new ConfigException("Adam's eps " + eps + " is not positive; the default is 1e-8.");
            }
        }

        public AdamConfig withWd(double wd) {
            return new AdamConfig(beta1, beta2, eps, wd, trueWd);
        }

        @Override
        public double momentum() {
            return beta1;
        }

        @Override
        public Optimizer create(
                Backend backend, Tensor parameters, Tensor gradients, List<Segment> segments, double[] wd) {
            return new Adam(this, backend, parameters, gradients, segments, wd);
        }
    }

    /**
     * Stochastic gradient descent.
     *
     * @param momentum where the schedule gives none; 0 is SGD without momentum whatever the schedule says
     */
    record SgdConfig(double momentum, double wd, boolean trueWd) implements OptimizerConfig {

        public SgdConfig {
            unit("momentum", momentum);
            decay(wd);
        }

        @Override
        public Optimizer create(
                Backend backend, Tensor parameters, Tensor gradients, List<Segment> segments, double[] wd) {
            return new Sgd(this, backend, parameters, gradients, segments, wd);
        }
    }

    /**
     * SGD without momentum that starts to average its weights when the validation loss stops improving.
     *
     * @param patience n of the trigger, in validations; Merity et al. use 5
     */
    record NtAsgdConfig(double wd, boolean trueWd, int patience) implements OptimizerConfig {

        /** Weight decay 1.2e-6 in the gradient and n = 5, as Merity et al. train. */
        public static final NtAsgdConfig DEFAULT = new NtAsgdConfig(1.2e-6, false, 5);

        public NtAsgdConfig {
            decay(wd);
            if (patience < 1) {
                throw new ConfigException("NT-ASGD's n " + patience + " is below 1; Merity et al. use 5.");
            }
        }

        @Override
        public double momentum() {
            return 0;
        }

        @Override
        public Optimizer create(
                Backend backend, Tensor parameters, Tensor gradients, List<Segment> segments, double[] wd) {
            return new NtAsgd(this, backend, parameters, gradients, segments, wd);
        }
    }

    /** Weight decay of every group. */
    double wd();

    /** The momentum that plain {@code fit} uses. */
    double momentum();

    /**
     * A new optimizer with empty moments.
     *
     * @param segments what it updates; the groups index {@code wd} and the rates of a step
     * @param wd weight decay of every group
     */
    Optimizer create(Backend backend, Tensor parameters, Tensor gradients, List<Segment> segments, double[] wd);

    /** As {@link #create(Backend, Tensor, Tensor, List, double[])}, with {@link #wd()} for every group. */
    default Optimizer create(Backend backend, Tensor parameters, Tensor gradients, List<Segment> segments, int groups) {
        double[] decay = new double[groups];
        Arrays.fill(decay, wd());
        return create(backend, parameters, gradients, segments, decay);
    }

    private static void unit(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new ConfigException("The optimizer's " + name + " " + value + " is not in [0, 1).");
        }
    }

    private static void decay(double wd) {
        if (!(wd >= 0 && wd < Double.POSITIVE_INFINITY)) {
            throw new ConfigException("The weight decay wd " + wd + " is negative; fastai uses 0.01.");
        }
    }
}
