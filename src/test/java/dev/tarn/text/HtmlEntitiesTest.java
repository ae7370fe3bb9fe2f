package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.testkit.Seeds;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HtmlEntitiesTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "&amp;&lt;&eacute;|&<é",
                "&notit;|¬it;",
                "&notin;|∉",
                "&ampx|&x",
                "&copy2|©2",
                "&unknown;|&unknown;",
                "&NotEqualTilde;|≂̸",
                "&#65;&#x41;&#X41;&#65x|AAAAx",
                "&#128;&#150;&#x99;|€–™",
                "&#0;&#xD800;&#x110000;&#99999999999999;|\uFFFD\uFFFD\uFFFD\uFFFD",
                "x&#1;&#xFFFE;&#127;y|xy",
                "&#x1F600;|😀",
                "&#;&#x;& &&|&#;&#x;& &&",
                "&amp;lt;|&lt;",
                "&Aacute&Aacute|ÁÁ",
            })
    void referencesAreDecodedAsPythonDoes(String text, String decoded) {
        assertThat(HtmlEntities.unescape(text)).isEqualTo(decoded);
    }

    @Test
    void atMostThirtyTwoCharactersAreLookedAtAsAName() {
        String filler = "x".repeat(29);
        assertThat(HtmlEntities.unescape("&amp" + filler + "&lt;")).isEqualTo("&" + filler + "<");
        assertThat(HtmlEntities.unescape("&CounterClockwiseContourIntegral;")).isEqualTo("∳");
    }

    @Test
    void textWithoutAmpersandIsReturnedAsItIs() {
        String text = "plain; text #65;";
        assertThat(HtmlEntities.unescape(text)).isSameAs(text);
    }

    @Test
    void anyTextCanBeDecoded() {
        for (int i = 0; i < 300; i++) {
            String text = RandomTexts.of(seeds, "&&&&#x;19aFltamp<", 40);
            assertThat(HtmlEntities.unescape(text)).isNotNull();
        }
    }
}
