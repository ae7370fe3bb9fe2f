package dev.tarn.cli;

import dev.tarn.backend.DeviceInfo;
import dev.tarn.backend.Devices;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.TextClassifier;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunConfig;
import dev.tarn.train.Callback;
import dev.tarn.train.ClassifierRun;
import dev.tarn.train.EpochRow;
import dev.tarn.train.Events;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.Learner;
import dev.tarn.train.Step;
import dev.tarn.train.StepLoss;
import dev.tarn.train.TrainingRun;
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

    private static final String CLASSIFIER_HEAD =
            "stage  epoch  train_loss  valid_loss  accuracy        f1  tokens/s     time";

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

    /** Trains to the end, saying before what will train on what and after where everything is. */
    static void train(Console console, TrainingRun training) {
        begin(console, training);
        training.train();
        end(console, training);
    }

    /** Says what will train on what. */
    static void begin(Console console, TrainingRun training) {
        DeviceInfo device = training.backend().info();
        boolean isAuto = training.folder().settings().device().equals("auto");
        String name = isAuto ? device.device() + " (chosen by auto)" : device.device();
        if (isAuto) {
            Devices.passedOver().forEach(console::note);
        }
        console.note("device    " + name + ": " + device.description());
        if (training instanceof LanguageModelRun run) {
            languageModel(console, run);
        } else if (training instanceof ClassifierRun run) {
            classifier(console, run);
        }
        console.note("run       " + training.folder().path());
    }

    private static void languageModel(Console console, LanguageModelRun training) {
        RunConfig config = training.folder().config();
        console.note("model     " + sizes(training.model().config(), training));
        training.conversion()
                .ifPresent(found -> console.note(start(config.model().pretrained(), found)));
        console.note(String.format(
                Locale.ROOT,
                "text      %,d tokens to train on, bs %d, bptt %d",
                training.text().train().numTokens(),
                config.data().bs(),
                config.data().bptt()));
    }

    private static void classifier(Console console, ClassifierRun training) {
        ClassifierConfig config = training.folder().classifierConfig();
        console.note(
                "model     classifier on " + sizes(training.model().config().awdLstm(), training));
        if (config.model().encoder().isEmpty()) {
            console.note("start     random weights; --encoder names the run of a language model to start from");
        }
        training.conversion()
                .ifPresent(found -> console.note(start(config.model().encoder(), found)));
        console.note(String.format(
                Locale.ROOT,
                "text      %,d documents of the classes %s to train on, bs %d",
                training.text().train().numDocuments(),
                String.join(", ", training.text().classes()),
                config.data().bs()));
        console.note("stages    " + config.train().stages());
    }

    private static String sizes(AwdLstmConfig model, TrainingRun training) {
        return String.format(
                Locale.ROOT,
                "AWD-LSTM %d-%d-%d x %d layers, vocabulary %,d, %,d parameters",
                model.embSz(),
                model.nHid(),
                model.embSz(),
                model.nLayers(),
                model.vocab(),
                training.model().parameters().count());
    }

    private static String start(String from, VocabConversion conversion) {
        return String.format(
                Locale.ROOT,
                "start     %s, which knows %,d of the %,d tokens",
                from,
                conversion.known(),
                conversion.size());
    }

    /** Says where everything is. */
    private static void end(Console console, TrainingRun training) {
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
            console.line(learner.model() instanceof TextClassifier ? CLASSIFIER_HEAD : HEAD);
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
                    "epoch %d: step %,d of %,d, loss %s, %,.0f tokens/s, %d:%02d left",
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
        boolean isClassifier = learner.model() instanceof TextClassifier;
        Duration time = Duration.ofMillis((long) (1000 * row.seconds()));
        String measures = isClassifier
                ? String.format(Locale.ROOT, "%8s  %8s", number("%.4f", row.accuracy()), number("%.4f", row.f1()))
                : String.format(
                        Locale.ROOT, "%10s  %8s", number("%.2f", row.perplexity()), number("%.4f", row.accuracy()));
        console.result(
                (isClassifier ? String.format(Locale.ROOT, "%5d  ", row.fit()) : "")
                        + String.format(
                                Locale.ROOT,
                                "%5d  %10s  %10s  %s  %8.0f  %3d:%02d",
                                row.epoch(),
                                number("%.4f", row.trainLoss()),
                                number("%.4f", row.validLoss()),
                                measures,
                                row.tokensPerSecond(),
                                time.toMinutes(),
                                time.toSecondsPart()),
                isClassifier ? Events.classifierEpoch(row) : Events.epoch(row));
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
