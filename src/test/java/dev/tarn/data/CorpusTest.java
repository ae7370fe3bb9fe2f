package dev.tarn.data;

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
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Where documents, labels and splits come from. */
class CorpusTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path folder;

    private final List<String> notes = new ArrayList<>();

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    /** Each document as "origin label text". */
    private static List<String> read(@Nullable DocumentSource given) {
        DocumentSource source = Objects.requireNonNull(given);
        List<String> documents = new ArrayList<>();
        try (DocumentSource.Reading reading = source.open()) {
            for (SourceDocument next = reading.next(); next != null; next = reading.next()) {
                documents.add(next.origin() + " " + next.label() + " " + next.text());
            }
        }
        assertThat(source.count()).isEqualTo(documents.size());
        return documents;
    }

    private void reviews() throws IOException {
        write("train/pos/2.txt", "good");
        write("train/pos/1.txt", "fine");
        write("train/neg/1.txt", "bad");
        write("train/neg/deeper/9.txt", "very\nbad");
        write("train/unsup/7.txt", "who knows");
        write("test/pos/1.txt", "nice");
        write("test/neg/1.txt", "");
        write("unsup/3.txt", "free");
    }

    @Test
    void labelsAreTheNamesOfFolders() throws IOException {
        reviews();
        write("train/urls_pos.txt", "http://");
        write("train/pos/.hidden.txt", "x");
        write("train/pos/notes.md", "x");
        Corpus corpus = Corpus.ofLabelFolders(folder, "train", "test", List.of("neg", "pos"), ".txt", notes::add);
        assertThat(read(corpus.train()))
                .containsExactly(
                        "train/neg/1.txt neg bad",
                        "train/neg/deeper/9.txt neg very\nbad",
                        "train/pos/1.txt pos fine",
                        "train/pos/2.txt pos good");
        assertThat(read(corpus.valid())).containsExactly("test/neg/1.txt neg ", "test/pos/1.txt pos nice");
        assertThat(notes).hasSize(2);
        assertThat(notes.get(0)).contains("1 files below").contains("do not end in .txt");
        assertThat(notes.get(1)).contains("1 .txt files right in").contains("outside the folders of the labels");
    }

    @Test
    void textOfSeveralFoldersNeedsNoLabels() throws IOException {
        reviews();
        Corpus corpus = Corpus.ofFolder(folder, List.of("test", "unsup"), null, ".txt", notes::add);
        assertThat(read(corpus.train()))
                .containsExactly("test/neg/1.txt null ", "test/pos/1.txt null nice", "unsup/3.txt null free");
        assertThat(corpus.valid()).isNull();
        assertThat(read(Corpus.ofFolder(folder, List.of(), null, ".txt", notes::add)
                        .train()))
                .hasSize(8);
    }

    @Test
    void aDrawnShareIsTheSameForTheSameSeedAndEveryDocumentIsInOnePart() throws IOException {
        for (int i = 0; i < 50; i++) {
            write("all/" + i + ".txt", "text " + i);
        }
        Corpus all = Corpus.ofFolder(folder, List.of("all"), null, ".txt", notes::add);
        long seed = seeds.seed();
        Corpus split = all.split(0.25, seed);
        List<String> valid = read(split.valid());
        assertThat(valid).hasSize(12).isEqualTo(read(all.split(0.25, seed).valid()));
        assertThat(valid).isNotEqualTo(read(all.split(0.25, seed + 1).valid()));
        List<String> both = new ArrayList<>(read(split.train()));
        assertThat(both).hasSize(38).doesNotContainAnyElementsOf(valid);
        both.addAll(valid);
        assertThat(both).containsExactlyInAnyOrderElementsOf(read(all.train()));
        for (double share : new double[] {0, 1, -1, 0.001, Double.NaN, 7}) {
            assertThatThrownBy(() -> all.split(share, 0))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("--valid-pct");
        }
        Path text = write("running.txt", "a\nb\n");
        assertThatThrownBy(
                        () -> Corpus.ofLines(List.of(text), null, false, true).split(0.5, 0))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("running text");
    }

    @Test
    void rowsOfATableHaveColumnsByName() throws IOException {
        Path table = write("texts.csv", "is_valid,text,label\nFalse,\"one,\ntwo\",neg\nTrue,three,pos\n0,four,pos\n");
        Corpus corpus = Corpus.ofCsv(table, null, CsvColumns.DEFAULT, null);
        assertThat(read(corpus.train())).containsExactly(table + ":2 neg one,\ntwo", table + ":5 pos four");
        assertThat(read(corpus.valid())).containsExactly(table + ":4 pos three");
        Corpus unlabelled = Corpus.ofCsv(table, table, CsvColumns.DEFAULT, false);
        assertThat(read(unlabelled.train())).hasSize(3).element(1).isEqualTo(table + ":4 null three");
        assertThat(read(unlabelled.valid())).hasSize(3);
        CsvColumns numbers = new CsvColumns("1", "label", "is_valid", false);
        assertThat(read(Corpus.ofCsv(table, null, numbers, null).train()))
                .hasSize(4)
                .contains(table + ":1 null text");
    }

    @Test
    void tablesThatCannotBeUsedAreSaid() throws IOException {
        Path none = write("a.csv", "sentiment,text\npos,x\n");
        assertThatThrownBy(() -> Corpus.ofCsv(none, null, CsvColumns.DEFAULT, true))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("no column 'label' but sentiment, text")
                .hasMessageContaining("--label-column");
        Path empty = write("b.csv", "label,text\npos,x\n,y\n");
        assertThatThrownBy(() ->
                        read(Corpus.ofCsv(empty, null, CsvColumns.DEFAULT, null).train()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Line 3 of")
                .hasMessageContaining("has no label");
        Path odd = write("c.csv", "label,text,is_valid\npos,x,perhaps\n");
        assertThatThrownBy(() -> Corpus.ofCsv(odd, null, CsvColumns.DEFAULT, null))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Line 2 of")
                .hasMessageContaining("'perhaps'");
        Path all = write("d.csv", "label,text,is_valid\npos,x,True\n");
        assertThatThrownBy(() -> Corpus.ofCsv(all, null, CsvColumns.DEFAULT, null))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("leaves none to train on");
    }

    @Test
    void linesMayBeginWithALabelAndATab() throws IOException {
        Path lines = write("a.txt", "pos\tgood\tindeed\n\n neg \t\n");
        assertThat(read(Corpus.ofLines(List.of(lines), null, true, false).train()))
                .containsExactly(lines + ":1 pos good\tindeed", lines + ":3 neg ");
        assertThat(read(Corpus.ofLines(List.of(lines), null, false, false).train()))
                .hasSize(2);
        for (String bad : List.of("pos\tgood\nno tab\n", "pos\tgood\n\ttext\n")) {
            Path file = write("b.txt", bad);
            assertThatThrownBy(() -> read(
                            Corpus.ofLines(List.of(file), null, true, false).train()))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("Line 2 of")
                    .hasMessageContaining("has no label");
        }
    }

    @Test
    void foldersThatCannotBeUsedAreSaid() throws IOException {
        reviews();
        Files.createDirectories(folder.resolve("train/neutral"));
        refused(
                () -> Corpus.ofLabelFolders(folder, "train", null, List.of(), ".txt", notes::add),
                "'neutral' has no example",
                "--include");
        refused(
                () -> Corpus.ofLabelFolders(folder, "trian", null, List.of(), ".txt", notes::add),
                "There is no folder",
                "trian");
        refused(
                () -> Corpus.ofLabelFolders(folder, "unsup", null, List.of(), ".txt", notes::add),
                "has no folders",
                "--no-labels");
        refused(
                () -> Corpus.ofLabelFolders(folder, "test", null, List.of("ne"), ".txt", notes::add),
                "--include names 'ne'",
                "did you mean neg?");
        refused(
                () -> Corpus.ofFolder(folder, List.of("train"), null, ".text", notes::add),
                "holds no .text files",
                "--suffix");
        refused(
                () -> Corpus.ofFolder(folder.resolve("none"), List.of(), null, ".txt", notes::add),
                "There is no folder");
        Path nothing = Files.createDirectory(folder.resolve("nothing"));
        refused(() -> Corpus.ofFolder(nothing, List.of(), null, "", notes::add), "holds no files");
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable work, String... words) {
        assertThatThrownBy(work)
                .isInstanceOfAny(DataException.class, ConfigException.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void aLinkThatLeadsBackIsRefusedAndAnyOtherIsFollowed() throws IOException {
        reviews();
        Path linked = folder.resolve("linked");
        Files.createSymbolicLink(linked, folder.resolve("test"));
        assertThat(read(Corpus.ofFolder(folder, List.of("linked"), null, ".txt", notes::add)
                        .train()))
                .containsExactly("linked/neg/1.txt null ", "linked/pos/1.txt null nice");
        Files.createSymbolicLink(folder.resolve("train/pos/again"), folder.resolve("train"));
        refused(
                () -> Corpus.ofFolder(folder, List.of("train"), null, ".txt", notes::add),
                "again' is a link to a folder that holds it");
        Files.createSymbolicLink(folder.resolve("unsup/gone.txt"), folder.resolve("nowhere"));
        assertThatThrownBy(() -> read(Corpus.ofFolder(folder, List.of("unsup"), null, ".txt", notes::add)
                        .train()))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("gone.txt");
    }
}
