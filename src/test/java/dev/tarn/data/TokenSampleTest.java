package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.text.TextPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenSampleTest {

    @TempDir
    private Path temp;

    @Test
    void documentsAreTakenAtEvenDistancesWithTheirLabels() throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            lines.add((i < 10 ? "neg" : "pos") + "\tword" + i + " again");
        }
        Path file = Files.write(temp.resolve("lines.txt"), lines);
        PreparedText text = prepare(Corpus.ofLines(List.of(file), file, true, false), "fastai");
        PreparedText sample = text.sample(0.3, 1, folder("sample"));
        Documents train = sample.labelledTrain().orElseThrow();
        assertThat(train.labels()).containsExactly(0, 0, 0, 1, 1, 1);
        assertThat(sample.classes()).containsExactly("neg", "pos");
        assertThat(sample.labelledValid().orElseThrow().size()).isEqualTo(20);
        assertThat(sample.vocab().itos()).isEqualTo(text.vocab().itos());
        assertThat(sample.trainTable().orElseThrow().origin(0))
                .isEqualTo(text.trainTable().orElseThrow().origin(3));
        assertThat(tokens(sample.train(), 0)).isEqualTo(tokens(text.train(), 3));
    }

    @Test
    void ofARunningTextTheBeginningIsTaken() throws IOException {
        Path file = Files.writeString(temp.resolve("text.txt"), "a b c d e f g h\n".repeat(10));
        PreparedText text = prepare(Corpus.ofLines(List.of(file), null, false, true), "whitespace");
        PreparedText sample = text.sample(0.1, 1, folder("sample"));
        assertThat(sample.train().numDocuments()).isEqualTo(1);
        assertThat(sample.train().numTokens()).isEqualTo(text.train().numTokens() / 10);
        assertThat(tokens(sample.train(), 0)).isEqualTo(Arrays.copyOf(tokens(text.train(), 0), (int)
                sample.train().numTokens()));
        assertThatThrownBy(() -> text.sample(1e-9, 1, folder("nothing")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no tokens");
    }

    private PreparedText prepare(Corpus corpus, String pipeline) throws IOException {
        return PreparedText.prepare(folder("whole"), corpus, TextPipeline.named(pipeline), 1000, 1, 1);
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectory(temp.resolve(name));
    }

    private static int[] tokens(Tokens tokens, int document) {
        long start = tokens.documentOffset(document);
        int[] ids = new int[(int) (tokens.documentOffset(document + 1) - start)];
        tokens.copy(start, ids, 0, ids.length);
        return ids;
    }
}
