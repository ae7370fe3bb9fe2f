package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.testkit.Seeds;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TextRulesTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @Test
    void theRulesRunInFastaisOrder() {
        String raw =
                "xxbos I &amp; you<br /><br />WOW!!!! Soooooo good good good good good good. It's #1 / 10, \\\"ok\\\" <unk> "
                        + "3 @.@ 5 a @-@ b 1 @,@ 000 back\\slash";
        assertThat(TextRules.pre(raw))
                .isEqualTo(
                        "xxbos I && you \n \n WOW xxrep 4 ! S xxrep 6 o xxwrep 5 good good. It's # 1 / 10, \"ok\" xxunk "
                                + "3.5 a-b 1,000 back \\ slash");
        assertThat(TextRules.post(List.of("Hello", "WORLD", "I", "USA", "", "McDonald")))
                .containsExactly("xxmaj", "hello", "xxup", "world", "i", "xxup", "usa", "mcdonald");
    }

    @Test
    void textWithNothingToDoIsReturnedAsItIs() {
        String text = "a calm sentence, no more.";
        assertThat(TextRules.pre(text)).isSameAs(text);
    }

    /** The scanners against regular expressions that say the same, on texts where Java and Python agree about letters. */
    @Test
    void repetitionsAreFoundAsARegularExpressionWouldFindThem() {
        Pattern characters = Pattern.compile("(\\S)(\\1{3,})");
        Pattern words = Pattern.compile("(\\b\\w+\\W+)(\\1{3,})");
        for (int i = 0; i < 2000; i++) {
            String text = RandomTexts.of(seeds, "aab  !-", 60);
            assertThat(TextRules.replaceRep(text))
                    .isEqualTo(characters
                            .matcher(text)
                            .replaceAll(m -> Matcher.quoteReplacement(
                                    " xxrep " + (m.group(2).length() + 1) + " " + m.group(1) + " ")));
            assertThat(TextRules.replaceWrep(text))
                    .isEqualTo(words.matcher(text).replaceAll(m -> {
                        int count = m.group(2).strip().split("\\s+").length + 1;
                        return Matcher.quoteReplacement(" xxwrep " + count + " " + m.group(1) + " ");
                    }));
        }
    }

    @Test
    void spacesAreAddedAndRemovedAsARegularExpressionWould() {
        for (int i = 0; i < 1000; i++) {
            String text = RandomTexts.of(seeds, "a  /#\n\t", 40);
            assertThat(TextRules.specAddSpaces(text)).isEqualTo(text.replaceAll("([/#\n])", " $1 "));
            assertThat(TextRules.rmUselessSpaces(text)).isEqualTo(text.replaceAll(" {2,}", " "));
        }
    }

    @Test
    void noTextIsTooStrangeForTheRules() {
        for (int i = 0; i < 1000; i++) {
            String text = TextRules.pre(RandomTexts.mixed(seeds, 60));
            assertThat(text).doesNotContain("  ");
            assertThat(TextRules.post(List.of(text.split(" ")))).doesNotContain("");
        }
    }
}
