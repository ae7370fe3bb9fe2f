package dev.tarn.experiment;

import dev.tarn.run.JsonEvent;
import dev.tarn.train.Horizon;
import dev.tarn.train.Validation;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What the language model of a cell came to.
 *
 * @param loss on the validation text, in nats; NaN where the training diverged
 * @param accuracy of the likeliest token there
 * @param bptt the nominal length of the windows that it was trained on
 * @param horizon steps of long sequences, ascending without gaps from step 1 on; empty where the training diverged
 * @param trainingNorms mean ‖h‖ of the last layer over the windows of each epoch, as far as it was recorded
 * @param failure why the training ended early, or empty
 */
public record LmResult(
        double loss, double accuracy, int bptt, List<Steps> horizon, List<Double> trainingNorms, String failure) {

    /**
     * Some steps of sequences that began with a zero state.
     *
     * @param from the first step, counted from 1
     * @param to the last step
     * @param loss mean cross-entropy in nats
     * @param norm mean ‖h‖ of the last layer
     * @param deviation its standard deviation over sequences and steps
     */
    public record Steps(int from, int to, double loss, double norm, double deviation) {

        int count() {
            return to - from + 1;
        }
    }

    private static final String KIND = "lm";

    public LmResult {
        horizon = List.copyOf(horizon);
        trainingNorms = List.copyOf(trainingNorms);
    }

    static LmResult of(Validation validation, Horizon horizon, List<Double> trainingNorms) {
        List<Steps> steps = horizon.buckets().stream()
                .map(bucket -> {
                    int last = bucket.norms().size() - 1;
                    return new Steps(
                            bucket.from(),
                            bucket.to(),
                            bucket.loss(),
                            bucket.norms().get(last),
                            bucket.deviations().get(last));
                })
                .toList();
        return new LmResult(validation.loss(), validation.accuracy(), horizon.bptt(), steps, trainingNorms, "");
    }

    static LmResult diverged(int bptt, String sentence) {
        return new LmResult(Double.NaN, Double.NaN, bptt, List.of(), List.of(), sentence);
    }

    /** Whether the training diverged. */
    public boolean hasDiverged() {
        return !failure.isEmpty();
    }

    /** On the validation text, read as it is trained: the state is carried from window to window. */
    public double perplexity() {
        return Math.exp(loss);
    }

    /** Over the second half of the long sequences. */
    public double perplexityBeyond() {
        return Math.exp(mean(beyond(), Steps::loss));
    }

    /** Mean ‖h‖ over the second half of the long sequences. */
    public double normBeyond() {
        return mean(beyond(), Steps::norm);
    }

    /** By which share ‖h‖ in the second half of the long sequences is above that at step {@code bptt}. */
    public double normDrift() {
        List<Steps> atBptt = horizon.stream()
                .filter(steps -> steps.from() <= bptt && bptt <= steps.to())
                .toList();
        return normBeyond() / mean(atBptt, Steps::norm) - 1;
    }

    /** The steps beyond half of the horizon. */
    List<Steps> beyond() {
        int last = horizon.isEmpty() ? 0 : horizon.get(horizon.size() - 1).to();
        return horizon.stream().filter(steps -> 2 * steps.from() > last).toList();
    }

    private static double mean(List<Steps> parts, ToDoubleFunction<Steps> value) {
        double sum = 0;
        long count = 0;
        for (Steps steps : parts) {
            sum += steps.count() * value.applyAsDouble(steps);
            count += steps.count();
        }
        return count == 0 ? Double.NaN : sum / count;
    }

    JsonEvent toJson() {
        return JsonEvent.of(KIND)
                .with("loss", loss)
                .with("accuracy", accuracy)
                .with("bptt", bptt)
                .with("failure", failure)
                .with(
                        "horizon",
                        horizon.stream()
                                .map(steps -> JsonEvent.object()
                                        .with("from", steps.from())
                                        .with("to", steps.to())
                                        .with("loss", steps.loss())
                                        .with("norm", steps.norm())
                                        .with("deviation", steps.deviation()))
                                .toList())
                .with(
                        "training_norms",
                        trainingNorms.stream().mapToDouble(norm -> norm).toArray());
    }

    static LmResult of(JsonEvent json) {
        return new LmResult(
                json.real("loss"),
                json.real("accuracy"),
                (int) json.real("bptt"),
                json.objects("horizon").stream()
                        .map(steps -> new Steps(
                                (int) steps.real("from"),
                                (int) steps.real("to"),
                                steps.real("loss"),
                                steps.real("norm"),
                                steps.real("deviation")))
                        .toList(),
                Arrays.stream(json.reals("training_norms")).boxed().toList(),
                json.text("failure"));
    }
}
