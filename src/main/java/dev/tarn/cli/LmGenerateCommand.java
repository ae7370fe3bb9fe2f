package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.infer.Beam;
import dev.tarn.infer.BeamSearch;
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

    @Option(
            names = "--temperature",
            description = "below 1 keeps to likely tokens, 0 takes the best of a beam search (${DEFAULT-VALUE})")
    private double temperature = 1;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description =
                    "draw from the N likeliest tokens, 0 from all (0; in a beam search " + Beam.DEFAULT_TOP_K + ")")
    private @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "draw from the fewest likeliest tokens that together have this probability (1)")
    private @Nullable Double topP;

    @Option(names = "--min-p", paramLabel = "P", description = "draw no token that is less probable than this (0)")
    private @Nullable Double minP;

    @Option(names = "--allow-unk", description = "let xxunk be drawn")
    private boolean allowUnk;

    @Option(
            names = "--beam-size",
            paramLabel = "N",
            description = "search for likely texts, keeping N after every token, instead of drawing")
    private @Nullable Integer beamSize;

    @Option(names = "--seed", description = "of the draws (${DEFAULT-VALUE})")
    private long seed = 42;

    @Option(names = "--device", description = "auto, cpu, cuda:N or reference; the run's if left out")
    private @Nullable String device;

    LmGenerateCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        if (words < 1) {
            throw new ConfigException("--words " + words + " is below 1; give how many tokens to draw.");
        }
        if (beamSize == null) {
            generate(new Sampling(
                    temperature, topK == null ? 0 : topK, !allowUnk, minP == null ? 0 : minP, topP == null ? 1 : topP));
        } else if (minP != null || topP != null) {
            throw new ConfigException("--min-p and --top-p are for drawing tokens and not for a beam search; leave out"
                    + " --beam-size or them.");
        } else {
            search(new Beam(beamSize, topK == null ? Beam.DEFAULT_TOP_K : topK, temperature, !allowUnk));
        }
    }

    private void generate(Sampling sampling) {
        try (TrainedLanguageModel model = TrainedLanguageModel.open(run, device)) {
            print(model.generate(prompt, words, sampling, seed), JsonEvent.of("generated"));
        }
    }

    private void search(Beam beam) {
        try (TrainedLanguageModel model = TrainedLanguageModel.open(run, device)) {
            BeamSearch.Found found = BeamSearch.choose(model.search(prompt, words, beam), temperature, seed);
            List<String> tokens = model.beginning(prompt);
            model.addTokens(found.tokens(), tokens);
            print(tokens, JsonEvent.of("generated").with("score", found.score()));
        }
    }

    private void print(List<String> tokens, JsonEvent event) {
        String text = Decode.document(tokens);
        console.result(text, event.with("text", text).with("tokens", tokens));
    }
}
