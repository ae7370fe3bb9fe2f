package dev.tarn.cli;

import dev.tarn.backend.DeviceInfo;
import dev.tarn.backend.Devices;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunConfig;
import dev.tarn.train.Callback;
import dev.tarn.train.EpochRow;
import dev.tarn.train.Events;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.Learner;
import dev.tarn.train.Step;
import dev.tarn.train.StepLoss;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * What a user sees of training: a head, fastai's table with a row for every epoch, and between the rows a progress bar on a
 * terminal or a line a minute elsewhere.
 */
final class TrainingView implements Callback {

    /** Without a progress bar, a line comes as often as this. */
    private static final long SILENCE_NANOS = 60_000_000_000L;

    private static final String HEAD = "epoch  train_loss  valid_loss  perplexity  accuracy  tokens/s     time";

    private final Console console;
    private boolean hasHead;
    private @Nullable ProgressBar bar;
    private long tokens;
    private long started;
    private long told;
    private int firstWindow;

    private TrainingView(Console console) {
        this.console = console;
    }

    static List<Callback> of(Console console) {
        return List.of(new TrainingView(console));
    }

    /** Says what will train on what. */
    static void begin(Console console, LanguageModelRun training) {
        DeviceInfo device = training.backend().info();
        AwdLstmConfig model = training.model().config();
        RunConfig config = training.folder().config();
        boolean isAuto = config.run().device().equals("auto");
        String name = isAuto ? device.device() + " (chosen by auto)" : device.device();
        if (isAuto) {
            Devices.passedOver().forEach(console::note);
        }
        console.note("device    " + name + ": " + device.description());
        console.note(String.format(
                Locale.ROOT,
                "model     AWD-LSTM %d-%d-%d x %d layers, vocabulary %,d, %,d parameters",
                model.embSz(),
                model.nHid(),
                model.embSz(),
                model.nLayers(),
                model.vocab(),
                training.model().parameters().count()));
        training.conversion()
                .ifPresent(conversion -> console.note(String.format(
                        Locale.ROOT,
                        "start     %s, which knows %,d of the %,d tokens",
                        config.model().pretrained(),
                        conversion.known(),
                        conversion.size())));
        console.note(String.format(
                Locale.ROOT,
                "text      %,d tokens to train on, bs %d, bptt %d",
                training.text().train().numTokens(),
                config.data().bs(),
                config.data().bptt()));
        console.note("run       " + training.folder().path());
    }

    /** Says where everything is. */
    static void end(Console console, LanguageModelRun training) {
        if (console.isJson()) {
            console.result(
                    "",
                    JsonEvent.of("done").with("run", training.folder().path().toString()));
        } else {
            console.note("The run is in " + training.folder().path() + ".");
        }
    }

    @Override
    public void onEpochBegin(Learner learner) {
        if (!hasHead) {
            console.line(HEAD);
            hasHead = true;
        }
        tokens = 0;
        started = System.nanoTime();
        told = started;
    }

    @Override
    public void onBatchEnd(Step step) {
        if (tokens == 0) {
            firstWindow = step.window();
        }
        if (bar == null && console.isTerminal() && !console.isJson() && !console.isQuiet()) {
            bar = new ProgressBarBuilder()
                    .setTaskName("epoch " + step.epoch())
                    .setInitialMax(step.windows())
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(500)
                    .setSpeedUnit(ChronoUnit.SECONDS)
                    .build();
            bar.stepTo(step.window());
        }
        if (bar != null) {
            bar.step();
        } else if (!console.isJson() && System.nanoTime() - told > SILENCE_NANOS) {
            told = System.nanoTime();
            double seconds = (told - started) / 1e9;
            StepLoss last = step.learner().recorder().last();
            Duration left = Duration.ofMillis(
                    (long) (1000 * seconds * (step.windows() - step.window() - 1) / (step.window() + 1 - firstWindow)));
            console.note(String.format(
                    Locale.ROOT,
                    "epoch %d: window %,d of %,d, loss %s, %,.0f tokens/s, %d:%02d left",
                    step.epoch(),
                    step.window() + 1,
                    step.windows(),
                    last == null ? "-" : number("%.4f", last.smooth()),
                    tokens / seconds,
                    left.toMinutes(),
                    left.toSecondsPart()));
        }
    }

    @Override
    public void onLossKnown(StepLoss loss) {
        tokens += loss.tokens();
        if (bar != null) {
            double seconds = (System.nanoTime() - started) / 1e9;
            bar.setExtraMessage(
                    String.format(Locale.ROOT, " loss %.4f  %,.0f tokens/s", loss.smooth(), tokens / seconds));
        }
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        closeBar();
        Duration time = Duration.ofMillis((long) (1000 * row.seconds()));
        console.result(
                String.format(
                        Locale.ROOT,
                        "%5d  %10s  %10s  %10s  %8s  %8.0f  %3d:%02d",
                        row.epoch(),
                        number("%.4f", row.trainLoss()),
                        number("%.4f", row.validLoss()),
                        number("%.2f", row.perplexity()),
                        number("%.4f", row.accuracy()),
                        row.tokensPerSecond(),
                        time.toMinutes(),
                        time.toSecondsPart()),
                Events.epoch(row));
    }

    @Override
    public void onTrainEnd(Learner learner, @Nullable RuntimeException failure) {
        closeBar();
    }

    private void closeBar() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }

    private static String number(String format, double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
    }
}
