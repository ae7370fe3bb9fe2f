package dev.tarn.train;

import dev.tarn.run.JsonEvent;
import java.util.List;
import java.util.stream.IntStream;

/** What training tells a machine: the lines of {@code metrics.jsonl} and, with {@code --json}, of standard output. */
public final class Events {

    /** Which fit of several an epoch belongs to; in rows of classifiers alone. */
    static final String STAGE = "stage";

    private Events() {}

    /** The row of an epoch; its validation fields are null where there is no validation text. */
    public static JsonEvent epoch(EpochRow row) {
        return JsonEvent.of("epoch")
                .with("epoch", row.epoch())
                .with("train_loss", row.trainLoss())
                .with("valid_loss", row.validLoss())
                .with("perplexity", row.perplexity())
                .with("accuracy", row.accuracy())
                .with("tokens_per_second", row.tokensPerSecond());
    }

    /** The row of a classifier's epoch; its validation fields are null where there is no validation text. */
    public static JsonEvent classifierEpoch(EpochRow row) {
        return JsonEvent.of("epoch")
                .with(STAGE, row.fit())
                .with("epoch", row.epoch())
                .with("train_loss", row.trainLoss())
                .with("valid_loss", row.validLoss())
                .with("accuracy", row.accuracy())
                .with("f1", row.f1())
                .with("tokens_per_second", row.tokensPerSecond());
    }

    /** A measurement of a text. */
    public static JsonEvent evaluation(Validation validation) {
        return JsonEvent.of("evaluation")
                .with("loss", validation.loss())
                .with("perplexity", validation.perplexity())
                .with("accuracy", validation.accuracy())
                .with("predictions", validation.predictions());
    }

    /** Loss and norms over the steps of long sequences, a bucket of steps each. */
    public static JsonEvent horizon(Horizon horizon) {
        return JsonEvent.of("horizon")
                .with("streams", horizon.streams())
                .with("bptt", horizon.bptt())
                .with(
                        "buckets",
                        horizon.buckets().stream()
                                .map(bucket -> JsonEvent.object()
                                        .with("from", bucket.from())
                                        .with("to", bucket.to())
                                        .with("loss", bucket.loss())
                                        .with("norm_mean", array(bucket.norms()))
                                        .with("norm_deviation", array(bucket.deviations())))
                                .toList());
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(value -> value).toArray();
    }

    /** Norms of h of every layer over the time steps of the windows of an epoch. */
    static List<JsonEvent> norms(HiddenNorms norms) {
        return IntStream.range(0, norms.layers())
                .mapToObj(layer -> JsonEvent.object()
                        .with("layer", layer)
                        .with("mean", norms.mean(layer))
                        .with("deviation", norms.deviation(layer)))
                .toList();
    }

    /** One step of training. */
    public static JsonEvent step(StepLoss loss) {
        return JsonEvent.of("step")
                .with("epoch", loss.epoch())
                .with("step", loss.step())
                .with("steps", loss.steps())
                .with("loss", loss.loss())
                .with("smooth_loss", loss.smooth())
                .with("ar", loss.ar())
                .with("tar", loss.tar())
                .with("ns", loss.ns())
                .with("gradient_norm", loss.gradientNorm());
    }
}
