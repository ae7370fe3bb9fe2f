package dev.tarn.text;

import java.util.List;

/**
 * Cuts a text into tokens.
 *
 * <p><em>Thread-safety:</em> implementations may be called by many threads at once.
 */
@FunctionalInterface
public interface Tokenizer {

    /**
     * The tokens of a text, in order; none of them is empty, and each of them is a part of the text.
     *
     * @return a list that belongs to the caller
     */
    List<String> tokenize(String text);
}
