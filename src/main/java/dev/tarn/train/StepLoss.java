package dev.tarn.train;

/**
 * What one step measured, known when it has run.
 *
 * @param epoch the epoch of the fit, from 0
 * @param iteration the step within the fit, from 0
 * @param step the step within the learner's life, from 0
 * @param steps {@link Step#steps()}
 * @param tokens {@link Step#tokens()}
 * @param loss mean cross-entropy in nats, without penalties
 * @param smooth the smoothed loss with this step in it
 * @param ar activation regularization
 * @param tar temporal activation regularization
 * @param ns norm-stabilizer
 * @param gradientNorm global norm of the gradients before clipping; NaN when nothing asked for it
 */
public record StepLoss(
        int epoch,
        long iteration,
        long step,
        int steps,
        int tokens,
        double loss,
        double smooth,
        double ar,
        double tar,
        double ns,
        double gradientNorm) {

    /** What was differentiated: cross-entropy and penalties. */
    public double total() {
        return loss + ar + tar + ns;
    }
}
