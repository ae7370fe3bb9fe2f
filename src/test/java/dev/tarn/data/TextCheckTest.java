package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.text.TextPipeline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextCheckTest {

    @TempDir
    Path temp;

    private TextCheck.Report check(boolean isLabelled, int minFreq, String train, @Nullable String valid)
            throws IOException {
        Path out = Files.createTempDirectory(temp, "out");
        Path trainFile = Files.writeString(temp.resolve("a.txt"), train);
        Path validFile = valid == null ? null : Files.writeString(temp.resolve("b.txt"), valid);
        Corpus corpus = Corpus.ofLines(List.of(trainFile), validFile, isLabelled, false);
        return TextCheck.of(PreparedText.prepare(out, corpus, TextPipeline.fastai(), 60_000, minFreq, 1));
    }

    @Test
    void labelsLengthsAndDuplicatesAreCounted() throws IOException {
        TextCheck.Report report = check(
                true,
                1,
                "pos\tone two\nneg\tthree\npos\tone two\nneg\tone two\npos\t\n",
                "pos\tthree\nneg\tfour four\n");
        TextCheck.Split train = report.splits().get(0);
        assertThat(train.summary().documents()).isEqualTo(5);
        assertThat(train.perClass()).containsExactly(2, 3);
        // xxbos alone; two tokens and three twice.
        assertThat(train.lengths()).containsExactly(0, 1, 4);
        assertThat(train.empty()).isEqualTo(1);
        assertThat(train.duplicates()).isEqualTo(2);
        TextCheck.Split valid = report.splits().get(1);
        assertThat(valid.perClass()).containsExactly(1, 1);
        assertThat(valid.allUnknown()).isEqualTo(1);
        assertThat(valid.duplicates()).isZero();
        assertThat(report.acrossSplits()).isEqualTo(1);
        assertThat(report.conflicting()).isEqualTo(2);
        assertThat(report.examples()).hasSize(3);
        TextCheck.Twins last = report.examples().get(2);
        assertThat(last.document()).endsWith("b.txt:1");
        assertThat(last.earlier()).endsWith("a.txt:2");
        assertThat(last.isConflicting()).isTrue();
        assertThat(report.warnings())
                .anyMatch(warning -> warning.contains("train: 1 documents are empty"))
                .anyMatch(warning -> warning.contains("1 documents to validate on stand in the training text"))
                .anyMatch(warning -> warning.contains("2 documents are the same as another with a different label"))
                .anyMatch(warning -> warning.contains("only words that the vocabulary does not know"))
                .anyMatch(warning -> warning.contains("train: 2 documents repeat"));
    }

    @Test
    void aSoundTextHasNoWarnings() throws IOException {
        TextCheck.Report report = check(true, 1, "pos\tone two\nneg\ttwo three\n", "pos\tthree one\nneg\tone three\n");
        assertThat(report.warnings()).isEmpty();
        assertThat(report.examples()).isEmpty();
    }

    @Test
    void whatLooksWrongIsSaid() throws IOException {
        assertThat(check(true, 1, "pos\tone\npos\ttwo\n", null).warnings())
                .anyMatch(warning -> warning.contains("only the class 'pos'"))
                .anyMatch(warning -> warning.contains("no text to validate on"));
        StringBuilder unbalanced = new StringBuilder("neg\tzero\n");
        for (int i = 0; i < 11; i++) {
            unbalanced.append("pos\tnumber ").append("i".repeat(i + 1)).append('\n');
        }
        assertThat(check(true, 1, unbalanced.toString(), "pos\tten\n").warnings())
                .anyMatch(warning -> warning.contains("train: the class 'neg' has only 1 documents, another has 11"))
                .anyMatch(warning -> warning.contains("valid: the class 'neg' has no document"));
        assertThat(check(false, 2, "one one\ntwo three four five\n", null).warnings())
                .anyMatch(warning -> warning.contains("% of the tokens are unknown"));
    }

    @Test
    void aFolderWithoutOriginsCountsItsDocuments() throws IOException {
        Path out = Files.createTempDirectory(temp, "out");
        Path lines = Files.writeString(temp.resolve("a.txt"), "x\ny\nx\n");
        PreparedText.prepare(out, List.of(lines), null, TextPipeline.fastai(), 100, 1, 1);
        Files.delete(out.resolve("train.documents"));
        assertThat(TextCheck.of(PreparedText.open(out)).examples())
                .containsExactly(new TextCheck.Twins("train document 2", "train document 0", false));
    }
}
