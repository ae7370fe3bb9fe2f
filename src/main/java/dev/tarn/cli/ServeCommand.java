package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.infer.BatchGenerator;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunFolder;
import dev.tarn.serve.Endpoint;
import dev.tarn.serve.GenerateEndpoint;
import dev.tarn.serve.ModelServer;
import dev.tarn.serve.PredictEndpoint;
import dev.tarn.serve.ServeOptions;
import dev.tarn.train.TrainedClassifier;
import dev.tarn.train.TrainedLanguageModel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn serve}. */
@Command(
        name = "serve",
        description = "Answer HTTP requests with the model of a run until SIGTERM or Ctrl-C.",
        sortOptions = false)
final class ServeCommand extends TarnCommand {

    @Parameters(paramLabel = "RUN", description = "the folder of the run")
    private Path run = Path.of("");

    @Option(names = "--host", description = "the address to listen on, 0.0.0.0 for all (${DEFAULT-VALUE})")
    private String host = ServeOptions.DEFAULT.host();

    @Option(names = "--port", paramLabel = "N", description = "0 for any that is free (${DEFAULT-VALUE})")
    private int port = ServeOptions.DEFAULT.port();

    @Option(names = "--max-body", paramLabel = "BYTES", description = "longer requests get 413 (${DEFAULT-VALUE})")
    private int maxBody = ServeOptions.DEFAULT.maxBody();

    @Option(
            names = "--max-concurrent",
            paramLabel = "N",
            description = "requests at work at once; more get 503 (${DEFAULT-VALUE})")
    private int maxConcurrent = ServeOptions.DEFAULT.maxConcurrent();

    @Option(
            names = "--queue",
            paramLabel = "N",
            description = "of them, how many wait for the model; more get 503 (${DEFAULT-VALUE})")
    private int queue = ServeOptions.DEFAULT.queue();

    @Option(names = "--batch", paramLabel = "N", description = "how many the model answers together (${DEFAULT-VALUE})")
    private int batch = ServeOptions.DEFAULT.batch();

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "for a request, after which it gets 408 or 504 (${DEFAULT-VALUE})")
    private int timeout = ServeOptions.DEFAULT.timeoutSeconds();

    @Option(
            names = "--grace",
            paramLabel = "SECONDS",
            description = "how long stopping waits for answers under way (${DEFAULT-VALUE})")
    private int grace = ServeOptions.DEFAULT.graceSeconds();

    @Option(
            names = "--max-words",
            paramLabel = "N",
            description = "the most tokens that a request may ask for (${DEFAULT-VALUE})")
    private int maxWords = 500;

    @Option(names = "--device", description = "auto, cpu, cuda:N or reference; the run's if left out")
    private @Nullable String device;

    ServeCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        ServeOptions options = new ServeOptions(host, port, maxBody, maxConcurrent, queue, batch, timeout, grace);
        if (maxWords < 1) {
            throw new ConfigException("--max-words is " + maxWords + " and must be at least 1.");
        }
        boolean isClassifier;
        try (RunFolder folder = RunFolder.view(run)) {
            isClassifier = folder.settings() instanceof ClassifierConfig;
        }
        if (isClassifier) {
            try (TrainedClassifier classifier = TrainedClassifier.open(run, device)) {
                JsonEvent about = JsonEvent.object()
                        .with("run", run.toString())
                        .with("kind", "classifier")
                        .with("labels", classifier.labels())
                        .with("parameters", classifier.model().parameters().count())
                        .with("device", classifier.model().backend().info().device());
                serve(new PredictEndpoint(classifier, about), options);
            }
            return;
        }
        try (TrainedLanguageModel model = TrainedLanguageModel.open(run, device);
                BatchGenerator generator = model.generator(batch)) {
            serve(new GenerateEndpoint(model, generator, run.toString(), maxWords), options);
        }
    }

    private void serve(Endpoint<?> endpoint, ServeOptions options) {
        try (GracefulStop stop = new GracefulStop()) {
            ModelServer server = new ModelServer(endpoint, options);
            server.start();
            stop.onSignal(server::stop);
            String url = "http://" + host + ":" + server.port();
            console.result(
                    "POST " + url + endpoint.path(), JsonEvent.of("serving").with("url", url));
            server.serve();
        }
    }
}
