package dev.tarn.backend.cuda;

import dev.tarn.ConfigException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.Devices;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.Precision;
import dev.tarn.model.AwdLstmConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A program that times training steps on {@code cuda:0} with both kinds of recurrent layers, for
 * {@code native-tests/gpu-check}: prints a JSON object a line.
 */
final class TimedSteps {

    private static final int WARM_UP = 3;

    /** Sizes are those of {@code src/bench}, the model is fastai's; {@code tiny} is for devices that only pretend. */
    private enum Size {
        TINY(50, 2, 4),
        S(10_000, 32, 70),
        L(60_000, 64, 70);

        private final int vocab;
        private final int batch;
        private final int steps;

        Size(int vocab, int batch, int steps) {
            this.vocab = vocab;
            this.batch = batch;
            this.steps = steps;
        }

        AwdLstmConfig model() {
            AwdLstmConfig fastai = AwdLstmConfig.defaults(vocab);
            return this == TINY ? fastai.withSizes(8, 12, 3) : fastai;
        }
    }

    private TimedSteps() {}

    /** @param args how many steps, then names of sizes */
    public static void main(String[] args) {
        int count = Integer.parseInt(args[0]);
        for (String name : List.of(args).subList(1, args.length)) {
            Size size = Size.valueOf(name.toUpperCase(Locale.ROOT));
            for (Precision precision : List.of(Precision.F32, Precision.TF32, Precision.BF16)) {
                for (LstmPath path : List.of(LstmPath.CUDNN, LstmPath.FUSED)) {
                    BackendOptions options = new BackendOptions(precision, path);
                    try {
                        System.out.println(measure(size, options, count));
                    } catch (ConfigException e) {
                        System.err.println("left out: " + e.getMessage());
                    }
                }
            }
        }
    }

    private static String measure(Size size, BackendOptions options, int count) {
        double[] milliseconds = new double[count];
        double first = 0;
        double last;
        try (Backend backend = Devices.open("cuda:0", options);
                FullSteps steps = new FullSteps(backend, size.model(), size.batch, size.steps)) {
            for (int i = -WARM_UP; i < count; i++) {
                long start = System.nanoTime();
                steps.submit();
                backend.synchronize();
                if (i >= 0) {
                    milliseconds[i] = (System.nanoTime() - start) / 1e6;
                } else if (i == -WARM_UP) {
                    first = steps.loss();
                }
            }
            last = steps.loss();
        }
        if (!(last < first)) {
            throw new IllegalStateException("the loss went from " + first + " to " + last);
        }
        Arrays.sort(milliseconds);
        double median = (milliseconds[(count - 1) / 2] + milliseconds[count / 2]) / 2;
        return String.format(
                Locale.ROOT,
                "{\"size\": \"%s\", \"precision\": \"%s\", \"lstm\": \"%s\", \"vocab\": %d, \"batch\": %d, \"bptt\": %d, \"steps\": %d,"
                        + " \"ms_per_step\": %.3f, \"fastest_ms\": %.3f, \"slowest_ms\": %.3f, \"tokens_per_second\": %.0f,"
                        + " \"loss_first\": %.4f, \"loss_last\": %.4f}",
                size.name().toLowerCase(Locale.ROOT),
                options.precision().name().toLowerCase(Locale.ROOT),
                options.lstm().name().toLowerCase(Locale.ROOT),
                size.vocab,
                size.batch,
                size.steps,
                count,
                median,
                milliseconds[0],
                milliseconds[count - 1],
                size.batch * size.steps / median * 1e3,
                first,
                last);
    }
}
