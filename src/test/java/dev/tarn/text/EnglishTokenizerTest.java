package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class EnglishTokenizerTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final EnglishTokenizer tokenizer = new EnglishTokenizer();

    @Test
    void noCharacterIsLost() {
        for (int i = 0; i < 2000; i++) {
            String text = RandomTexts.mixed(seeds, 40);
            int at = 0;
            for (String token : tokenizer.tokenize(text)) {
                assertThat(token).isNotEmpty();
                if (!text.startsWith(token, at)) {
                    assertThat(text.charAt(at)).as("between tokens of %s", text).isEqualTo(' ');
                    at++;
                }
                assertThat(text.startsWith(token, at))
                        .as("%s in %s", token, text)
                        .isTrue();
                at += token.length();
            }
            assertThat(text.substring(at)).isIn("", " ");
        }
    }

    @Test
    void whatAChunkGivesDoesNotDependOnWhatWasCutBefore() {
        for (int i = 0; i < 200; i++) {
            String text = RandomTexts.mixed(seeds, 40);
            assertThat(new EnglishTokenizer().tokenize(text)).isEqualTo(tokenizer.tokenize(text));
        }
    }

    @Test
    void moreChunksThanTheMemoryHoldsAreCutRight() {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < 200_000; i++) {
            // Two letters of a kind that no exception begins with, then the number in letters.
            StringBuilder word = new StringBuilder("qq");
            for (int rest = i; rest > 0; rest /= 26) {
                word.append((char) ('a' + rest % 26));
            }
            words.add(word.toString());
        }
        String text = String.join(" ", words);
        assertThat(tokenizer.tokenize(text).equals(words)).isTrue();
        assertThat(tokenizer.tokenize(text).equals(words)).isTrue();
    }

    @Test
    void everyExceptionIsFoundAmongPunctuation() {
        EnglishExceptions.table().forEach((chunk, tokens) -> {
            assertThat(String.join("", tokens)).isEqualTo(chunk);
            if (!chunk.isBlank()) {
                assertThat(tokenizer.tokenize(chunk)).isEqualTo(tokens);
                List<String> quoted = new ArrayList<>(tokens);
                quoted.add(0, "«");
                // A quote that makes another exception with what it stands at is not taken off.
                assertThat(tokenizer.tokenize("«" + chunk)).isEqualTo(quoted);
            }
        });
    }
}
