package dev.tarn.train;

import dev.tarn.ConfigException;
import dev.tarn.backend.Regularization;
import dev.tarn.backend.Regularization.ArOn;
import dev.tarn.backend.Regularization.NormForm;
import dev.tarn.data.BpttWindows;

/**
 * What makes training a recurrent network work, as fastai's {@code RNNTrainer}: activation regularization, temporal
 * activation regularization (Merity et al. 2017, section 4.3), optionally the norm-stabilizer (Krueger &amp; Memisevic
 * 2016), and a learning rate scaled to the length of the window.
 *
 * <p>The scale is T over bptt with T the steps that the window really has, for every group by its own ratio and for one step
 * only. fastai wrote the scaled rate of the last group into all groups and never took it back; it could be switched off
 * there, and was by default. {@link Regularization} has the formulas of the penalties.
 *
 * @param bptt the nominal length of a window
 * @param regularization what is added to the loss: alpha (AR), beta (TAR), gamma (norm-stabilizer) and their forms
 * @param adjust whether the learning rate follows the length of the window
 */
public record RnnTrainer(int bptt, Regularization regularization, boolean adjust) implements Callback {

    /** fastai's weight of AR. */
    public static final float ALPHA = 2;

    /** fastai's weight of TAR. */
    public static final float BETA = 1;

    public RnnTrainer {
        if (bptt < 1) {
            throw new ConfigException("bptt " + bptt + " is below 1; 70 is usual.");
        }
        weight("alpha", regularization.alpha());
        weight("beta", regularization.beta());
        weight("beta-norm", regularization.gamma());
    }

    /** AR and TAR with fastai's weights, AR on the dropped output as in the paper, rate scaled. */
    public static RnnTrainer of(int bptt) {
        return new RnnTrainer(bptt, regularization(ALPHA, BETA, 0), true);
    }

    /**
     * As {@link #of(int)} with other weights.
     *
     * @param alpha weight of AR
     * @param beta weight of TAR
     * @param betaNorm weight of the norm-stabilizer in the paper's form; the paper uses 50 to 500
     */
    public static RnnTrainer of(int bptt, double alpha, double beta, double betaNorm) {
        return new RnnTrainer(bptt, regularization(alpha, beta, betaNorm), true);
    }

    private static Regularization regularization(double alpha, double beta, double betaNorm) {
        return new Regularization((float) alpha, (float) beta, (float) betaNorm, ArOn.DROPPED, NormForm.PAPER, false);
    }

    /** Which output AR reads; {@link ArOn#RAW} is fastai v1's. */
    public RnnTrainer withArOn(ArOn arOn) {
        Regularization r = regularization;
        return new RnnTrainer(
                bptt,
                new Regularization(r.alpha(), r.beta(), r.gamma(), arOn, r.normForm(), r.includeInitial()),
                adjust);
    }

    /**
     * Which norms the norm-stabilizer compares.
     *
     * @param includeInitial whether it also compares the first step with the carried state
     */
    public RnnTrainer withNormForm(NormForm normForm, boolean includeInitial) {
        Regularization r = regularization;
        return new RnnTrainer(
                bptt, new Regularization(r.alpha(), r.beta(), r.gamma(), r.arOn(), normForm, includeInitial), adjust);
    }

    public RnnTrainer withAdjust(boolean adjust) {
        return new RnnTrainer(bptt, regularization, adjust);
    }

    private static void weight(String name, float value) {
        if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
            throw new ConfigException("--" + name + " " + value + " is not a number from 0 on; 0 switches it off.");
        }
    }

    @Override
    public boolean runsInLrFind() {
        return true;
    }

    @Override
    public void onBackwardBegin(Step step) {
        step.regularization(regularization);
        if (adjust) {
            step.scaleLr(BpttWindows.lrRatio(step.steps(), bptt));
        }
    }
}
