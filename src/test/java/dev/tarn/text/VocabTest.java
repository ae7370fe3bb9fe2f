package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VocabTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path dir;

    private static TokenCounts counts(String... documents) {
        TokenCounts counts = new TokenCounts();
        for (String document : documents) {
            counts.addAll(List.of(document.split(" ")));
        }
        return counts;
    }

    private static List<String> withSpecials(String more) {
        return Stream.concat(SpecialToken.texts().stream(), Stream.of(more.split(" ")))
                .toList();
    }

    @Test
    void theOrderAndTheFillersAreFastais() {
        TokenCounts counts = counts("xxbos a b a c", "xxbos b a d d e", "xxbos e c f");
        assertThat(Vocab.create(counts, 60_000, 2).itos()).isEqualTo(withSpecials("a b c d e xxfake xxfake"));
        assertThat(Vocab.create(counts, 60_000, 1).itos()).isEqualTo(withSpecials("a b c d e f xxfake"));
        assertThat(Vocab.create(counts, 14, 1).itos()).isEqualTo(withSpecials("a b c d e"));
        assertThat(Vocab.create(counts, 12, 1).itos()).isEqualTo(withSpecials("a b c"));
        assertThat(Vocab.create(counts, 15, 2).itos())
                .as("filled up beyond max-vocab, as fastai does")
                .isEqualTo(withSpecials("a b c d e xxfake xxfake"));
    }

    @Test
    void specialTokensTakePartInTheChoiceOfTheMostFrequent() {
        // Of the ten most frequent tokens one is special, so that nine are left, of which one has a place.
        assertThat(Vocab.create(counts("xxbos xxbos a a b b c"), 10, 1).itos()).isEqualTo(withSpecials("a"));
    }

    @Test
    void unknownTokensHaveIdZero() {
        Vocab vocab = Vocab.create(counts("a a b"), 60_000, 2);
        assertThat(vocab.numericalize(List.of("xxpad", "a", "b", "never"))).containsExactly(1, 9, 0, 0);
        assertThat(vocab.contains("b")).isFalse();
        assertThat(vocab.id(Vocab.FILLER)).isEqualTo(vocab.size() - 1);
        assertThat(vocab.textify(new int[] {2, 9})).isEqualTo("xxbos a");
        assertThatThrownBy(() -> vocab.token(vocab.size())).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void aWholeVocabularyLosesNoToken() {
        TokenCounts counts = new TokenCounts();
        counts.addAll(TextPipeline.whitespace().tokenize(" = A = \n\n the <unk> @-@ the \n"));
        Vocab vocab = Vocab.whole(counts);
        assertThat(vocab.itos()).isEqualTo(withSpecials("<eos> = the A <unk> @-@ xxfake"));
        assertThat(counts.count("<eos>")).isEqualTo(3);
        assertThat(counts.distinct()).isEqualTo(6);
        assertThat(counts.total()).isEqualTo(10);
    }

    @Test
    void countsThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> Vocab.create(counts("a"), 9, 1))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("max-vocab is 9");
        assertThatThrownBy(() -> Vocab.create(counts("a"), 100, 0))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("min-freq is 0");
    }

    @Test
    void aSavedVocabularyIsReadBackAsItWas() throws IOException {
        List<String> itos =
                new ArrayList<>(List.of("xxunk", "\n \n ", "\"", "\\", "é", "😀", "\u2028", "\uD800", "\u0001", ""));
        for (int i = 0; i < 200; i++) {
            itos.add(RandomTexts.mixed(seeds, 6));
        }
        Path file = dir.resolve("vocab.json");
        Vocab.of(List.of("old")).save(file);
        Vocab.of(itos).save(file);
        assertThat(Vocab.load(file)).isEqualTo(Vocab.of(itos));
        assertThat(Vocab.load(file).itos()).isEqualTo(itos);
        assertThat(Cases.strings(Files.readString(file))).isEqualTo(itos);
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void otherSpellingsOfTheSameJsonAreRead() throws IOException {
        Path file = Files.writeString(dir.resolve("v.json"), " [ \"a\\u00e9\\/\\b\\f\" ,\"\\ud83d\\ude00\"\r\n]\t");
        assertThat(Vocab.load(file).itos()).containsExactly("aé/\b\f", "😀");
        assertThat(Vocab.load(Files.writeString(file, "[]")).itos()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[",
                "{}",
                "[1]",
                "[\"a\"",
                "[\"a",
                "[\"a\",]",
                "[\"a\"]x",
                "[\"\\x\"]",
                "[\"\\u12\"]",
                "[\"a\nb\"]",
                "[\"\\"
            })
    void whatIsNotAVocabularyIsRefusedInOneSentence(String text) throws IOException {
        Path file = Files.writeString(dir.resolve("v.json"), text);
        assertThatThrownBy(() -> Vocab.load(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("v.json is not a vocabulary")
                .hasMessageContaining("line ");
    }

    @Test
    void filesThatCannotBeReadOrWrittenAreNamed() throws IOException {
        Path missing = dir.resolve("none").resolve("v.json");
        assertThatThrownBy(() -> Vocab.load(missing))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none");
        assertThatThrownBy(() -> Vocab.of(List.of("a")).save(missing))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none");
        Path notText = Files.write(dir.resolve("b.json"), new byte[] {'[', '"', (byte) 0xFF, '"', ']'});
        assertThatThrownBy(() -> Vocab.load(notText))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("UTF-8");
    }
}
