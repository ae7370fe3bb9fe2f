package dev.tarn.serve;

import dev.tarn.DataException;
import dev.tarn.infer.BatchGenerator;
import dev.tarn.infer.BatchGenerator.Prompt;
import dev.tarn.infer.Decode;
import dev.tarn.infer.Sampling;
import dev.tarn.run.JsonEvent;
import dev.tarn.train.TrainedLanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * {@code POST /generate}: a language model goes on from a prompt.
 *
 * <pre>
 *   {"prompt": "The lake", "words": 50, "temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0, "allow_unk": false, "seed": 42}
 *   {"text": "The lake is calm ...", "tokens": ["xxbos", "xxmaj", "the", "lake", "is", ...]}
 * </pre>
 *
 * <p>Every field may be left out and then has the value above, the prompt none. They mean what the flags of
 * {@code tarn lm generate} do, and the same seed draws the same text, up to the rounding of products of another size.
 */
public final class GenerateEndpoint implements Endpoint<GenerateEndpoint.Wish> {

    /** Reading a longer prompt would keep the others of its batch waiting. */
    private static final int MOST_PROMPT_TOKENS = 4096;

    private static final int DEFAULT_WORDS = 50;
    private static final long DEFAULT_SEED = 42;

    private static final List<String> FIELDS =
            List.of("prompt", "words", "temperature", "top_k", "top_p", "min_p", "allow_unk", "seed");

    private final TrainedLanguageModel model;
    private final BatchGenerator generator;
    private final String run;
    private final int maxWords;

    /** A request: the tokens that the text begins with, and how to go on. */
    public record Wish(List<String> tokens, Prompt prompt) {}

    /**
     * @param generator of the model, closed by the caller
     * @param run what the run is called
     * @param maxWords the most tokens that a request may ask for
     */
    public GenerateEndpoint(TrainedLanguageModel model, BatchGenerator generator, String run, int maxWords) {
        this.model = model;
        this.generator = generator;
        this.run = run;
        this.maxWords = maxWords;
    }

    @Override
    public String path() {
        return "/generate";
    }

    @Override
    public JsonEvent model() {
        return JsonEvent.object()
                .with("kind", "language model")
                .with("run", run)
                .with("vocabulary", model.text().vocab().size())
                .with("parameters", model.model().parameters().count())
                .with("device", model.model().backend().info().device());
    }

    @Override
    public Wish read(byte[] body) {
        Fields fields = Fields.parse(body, "{\"prompt\": \"The lake\"}", FIELDS);
        Sampling sampling = new Sampling(
                fields.real("temperature", 1),
                fields.whole("top_k", 0, 0, Integer.MAX_VALUE),
                !fields.flag("allow_unk"),
                fields.real("min_p", 0),
                fields.real("top_p", 1));
        int words = fields.whole("words", Math.min(DEFAULT_WORDS, maxWords), 1, maxWords);
        List<String> tokens = model.beginning(fields.text("prompt", ""));
        if (tokens.size() > MOST_PROMPT_TOKENS) {
            throw new DataException("The prompt has " + tokens.size() + " tokens and may have " + MOST_PROMPT_TOKENS
                    + "; send only its end.");
        }
        int[] ids = model.text().vocab().numericalize(tokens);
        return new Wish(tokens, new Prompt(ids, words, sampling, fields.seed("seed", DEFAULT_SEED)));
    }

    @Override
    public List<JsonEvent> answer(List<Wish> wishes, IntPredicate isWanted) {
        List<int[]> drawn = generator.generate(wishes.stream().map(Wish::prompt).toList(), isWanted);
        List<JsonEvent> answers = new ArrayList<>();
        for (int i = 0; i < wishes.size(); i++) {
            List<String> tokens = new ArrayList<>(wishes.get(i).tokens());
            model.addTokens(drawn.get(i), tokens);
            answers.add(JsonEvent.object().with("text", Decode.document(tokens)).with("tokens", tokens));
        }
        return answers;
    }
}
