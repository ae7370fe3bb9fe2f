package dev.tarn.text;

import dev.tarn.ConfigException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Turns one document into its tokens.
 *
 * <p>{@link #fastai()} is fastai v1's text processing: {@code "xxbos "} is put in front, then come the pre rules, the English
 * tokenizer and the post rules. {@link #whitespace()} takes the tokens as they stand in the text and ends each line with
 * {@value #LINE_END}, as language-model corpora such as WikiText are read.
 *
 * <p><em>Thread-safety:</em> one pipeline may be used by many threads, and should be: they share what it remembers.
 */
public final class TextPipeline implements Tokenizer {

    /** The token at the end of each line of a {@link #whitespace()} pipeline. */
    public static final String LINE_END = "<eos>";

    private final String name;
    private final Tokenizer steps;

    private TextPipeline(String name, Tokenizer steps) {
        this.name = name;
        this.steps = steps;
    }

    /** fastai v1's default processing of English. */
    public static TextPipeline fastai() {
        return fastai(true, false);
    }

    /**
     * fastai v1's processing of English.
     *
     * @param includeBos whether a document begins with xxbos
     * @param includeEos whether a document ends with xxeos
     */
    public static TextPipeline fastai(boolean includeBos, boolean includeEos) {
        // The post rules look at one token at a time, so they run once for each chunk that the tokenizer remembers.
        Tokenizer english = new EnglishTokenizer(SpecialToken.texts(), TextRules::post);
        String first = includeBos ? SpecialToken.BOS.text() + " " : "";
        String last = includeEos ? " " + SpecialToken.EOS.text() : "";
        return new TextPipeline("fastai", text -> english.tokenize(TextRules.pre(first + text + last)));
    }

    /** fastai v1's rules, without xxbos, around a tokenizer of one's own. */
    public static TextPipeline rulesAround(Tokenizer tokenizer) {
        return new TextPipeline("rules", text -> TextRules.post(tokenizer.tokenize(TextRules.pre(text))));
    }

    /**
     * Tokens as given, and {@value #LINE_END} after each line, empty ones included.
     *
     * <p>A line ends at U+000A only. What follows the last one is a line unless it is empty; the empty text is one line.
     */
    public static TextPipeline whitespace() {
        return new TextPipeline("whitespace", TextPipeline::lines);
    }

    /**
     * The pipeline that a flag or a configuration names.
     *
     * @throws ConfigException if the name is not {@code fastai} or {@code whitespace}
     */
    public static TextPipeline named(String name) {
        return switch (name) {
            case "fastai" -> fastai();
            case "whitespace" -> whitespace();
            default ->
                throw new ConfigException(
                        "Unknown tokenizer '" + name + "': use 'fastai' for raw English text or 'whitespace' for text"
                                + " whose tokens are separated already.");
        };
    }

    private static List<String> lines(String text) {
        List<String> tokens = new ArrayList<>(text.length() / 4 + 4);
        int start = 0;
        do {
            int newline = text.indexOf('\n', start);
            int end = newline < 0 ? text.length() : newline;
            WhitespaceTokenizer.addTokens(text, start, end, tokens);
            tokens.add(LINE_END);
            start = end + 1;
        } while (start < text.length());
        return tokens;
    }

    /** The name that {@link #named} knows it by; {@code rules} for a pipeline of one's own. */
    public String name() {
        return name;
    }

    @Override
    public List<String> tokenize(String document) {
        return steps.tokenize(document);
    }

    /**
     * Tokenizes many documents on several threads.
     *
     * @param documents read on the calling thread, a few batches ahead
     * @param sink gets the tokens of each document, in the order of the documents, on the calling thread
     * @throws IllegalArgumentException if {@code threads} is below 1
     */
    public void tokenizeAll(Iterator<String> documents, int threads, Consumer<? super List<String>> sink) {
        OrderedWork.eachDocument(documents, threads, this::tokenize, sink);
    }
}
