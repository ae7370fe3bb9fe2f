package dev.tarn.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes the tokens as the text gives them, separated by runs of whitespace as Python's {@code str.split} sees it.
 *
 * <p>Of use for corpora that are cut already, such as WikiText: {@code <unk>} and {@code @-@} stay as they are.
 */
public final class WhitespaceTokenizer implements Tokenizer {

    @Override
    public List<String> tokenize(String text) {
        List<String> tokens = new ArrayList<>();
        addTokens(text, 0, text.length(), tokens);
        return tokens;
    }

    static void addTokens(String text, int from, int to, List<String> tokens) {
        int start = -1;
        for (int i = from; i < to; i++) {
            if (Characters.isSpace(text.charAt(i))) {
                if (start >= 0) {
                    tokens.add(text.substring(start, i));
                    start = -1;
                }
            } else if (start < 0) {
                start = i;
            }
        }
        if (start >= 0) {
            tokens.add(text.substring(start, to));
        }
    }
}
