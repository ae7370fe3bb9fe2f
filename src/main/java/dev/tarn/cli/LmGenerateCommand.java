package dev.tarn.cli;

import dev.tarn.infer.Decode;
import dev.tarn.infer.Sampling;
import dev.tarn.run.JsonEvent;
import dev.tarn.train.TrainedLanguageModel;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tarn lm generate}. */
@Command(name = "generate", description = "Let the model of a run go on from a prompt.")
final class LmGenerateCommand extends TarnCommand {

    @Option(names = "--run", paramLabel = "DIR", required = true, description = "the folder of the run")
    private Path run = Path.of("");

    @Option(names = "--prompt", paramLabel = "TEXT", description = "how the text begins (empty)")
    private String prompt = "";

    @Option(names = "--words", paramLabel = "N", description = "how many tokens to draw (${DEFAULT-VALUE})")
    private int words = 50;

    @Option(names = "--temperature", description = "below 1 keeps to likely tokens (${DEFAULT-VALUE})")
    private double temperature = 1;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "draw from the N likeliest tokens, 0 from all (${DEFAULT-VALUE})")
    private int topK;

    @Option(names = "--seed", description = "of the draws (${DEFAULT-VALUE})")
    private long seed = 42;

    @Option(names = "--device", description = "auto, cpu, cuda:N or reference; the run's if left out")
    private @Nullable String device;

    LmGenerateCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        Sampling sampling = new Sampling(temperature, topK, true, 0);
        if (words < 1) {
            throw new dev.tarn.ConfigException("--words " + words + " is below 1; give how many tokens to draw.");
        }
        try (TrainedLanguageModel model = TrainedLanguageModel.open(run, device)) {
            List<String> tokens = model.generate(prompt, words, sampling, seed);
            String text = Decode.text(tokens);
            console.result(text, JsonEvent.of("generated").with("text", text).with("tokens", tokens));
        }
    }
}
