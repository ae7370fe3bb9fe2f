package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tarn.data.DocumentTable;
import dev.tarn.data.PreparedText;
import dev.tarn.data.download.Archives;
import dev.tarn.data.download.FileServer;
import dev.tarn.run.Folders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tarn data}: from raw texts of every kind to tables, and what is said of texts that cannot be used. */
class DataCommandTest {

    @TempDir
    private Path temp;

    private Path write(String name, String text) throws IOException {
        Path file = temp.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private Path out() {
        return temp.resolve("out");
    }

    private Tarn prepare(Object... flags) {
        List<String> args = new ArrayList<>(List.of("data", "prepare", "--out", out().toString()));
        Stream.of(flags).map(Object::toString).forEach(args::add);
        return Tarn.run(args.toArray(String[]::new));
    }

    private Path reviews() throws IOException {
        for (int i = 0; i < 8; i++) {
            String good = "A good film number " + i + " . ".repeat(i);
            String bad = "A bad film number " + i + " . ".repeat(2 * i);
            write("imdb/train/pos/" + i + "_9.txt", good + "\n\nThe end");
            write("imdb/train/neg/" + i + "_2.txt", bad);
            write("imdb/test/pos/" + i + "_8.txt", good + " anew");
            write("imdb/test/neg/" + i + "_1.txt", bad + " anew");
            write("imdb/unsup/" + i + "_0.txt", "A film without a label " + i);
        }
        return temp.resolve("imdb");
    }

    private PreparedText opened(Tarn prepared) {
        assertThat(prepared.code()).as(prepared.err()).isZero();
        return PreparedText.open(out());
    }

    @Test
    void theNotebooksTwoDataBlocks() throws IOException {
        Path imdb = reviews();
        Path lm = temp.resolve("lm");
        Tarn first = Tarn.run(
                "data",
                "prepare",
                "--folder",
                imdb.toString(),
                "--include",
                "train",
                "test",
                "unsup",
                "--valid-pct",
                "0.1",
                "--min-freq",
                "1",
                "--out",
                lm.toString());
        assertThat(first.code()).as(first.err()).isZero();
        PreparedText language = PreparedText.open(lm);
        assertThat(language.train().numDocuments()).isEqualTo(36);
        assertThat(language.valid().orElseThrow().numDocuments()).isEqualTo(4);
        assertThat(language.classes()).isEmpty();

        Tarn second = prepare("--folder", imdb, "--train", "train", "--valid", "test", "--vocab", lm);
        PreparedText classifier = opened(second);
        assertThat(second.out()).contains("classes: neg, pos");
        assertThat(classifier.vocab()).isEqualTo(language.vocab());
        assertThat(classifier.labelledTrain().orElseThrow().labels())
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
        DocumentTable table = classifier.validTable().orElseThrow();
        assertThat(table.origin(8)).isEqualTo("test/pos/0_8.txt");

        Tarn rows = Tarn.run("data", "show", out().toString(), "--bs", "16", "--rows", "2", "--bptt", "12");
        assertThat(rows.out())
                .contains("text | target\n")
                .contains("xxbos a bad film number 7 . . . . . . | neg\n")
                .contains("xxbos a bad film number 6 . . . . . . | neg\n");
        Tarn json = Tarn.run("data", "show", out().toString(), "--bs", "16", "--rows", "1", "--json");
        assertThat(json.out()).contains("\"target\":\"neg\",\"origin\":\"train/neg/7_2.txt\"");
        Tarn streams = Tarn.run("data", "show", lm.toString(), "--rows", "1", "--bptt", "10");
        assertThat(streams.out()).contains("idx | text\n0 | xxbos a bad film number ");
    }

    @Test
    void aLineEndIsShownAsTwoCharactersAndCutAsAPiece() throws IOException {
        Path lines = write("a.csv", "text,label\n\"one\n\ntwo three\",x\n\"four\",y\n");
        opened(prepare("--csv", lines, "--min-freq", "1"));
        Tarn rows = Tarn.run("data", "show", out().toString(), "--rows", "1", "--bptt", "4");
        assertThat(rows.out()).contains("xxbos one \\n \\n | x\n");
    }

    @Test
    void tablesAndLinesGiveLabelsToo() throws IOException {
        Path table =
                write("texts.csv", "label,text,is_valid\nneg,bad,False\npos,\"good, very\",False\npos,fine,True\n");
        PreparedText text = opened(prepare("--csv", table));
        assertThat(text.labelledValid().orElseThrow().labels()).containsExactly(1);
        Folders.delete(out());
        Path lines = write("lines.txt", "neg\tbad\npos\tgood\nneg\tbad bad\npos\tgood good\n");
        text = opened(prepare("--train", lines, "--labels", "--valid-pct", "0.5"));
        assertThat(text.labelledTrain().orElseThrow().size()).isEqualTo(2);
        assertThat(text.labelledValid().orElseThrow().size()).isEqualTo(2);
        Folders.delete(out());
        Path bare = write("wiki.csv", "\" = Title = \n some text \"\n\"more\"\n");
        text = opened(prepare("--csv", bare, "--no-header", "--text-column", "0"));
        assertThat(text.train().numDocuments()).isEqualTo(2);
    }

    @Test
    void aCheckCountsAndWarnsInTextAndJson() throws IOException {
        Path train = write("a.txt", "pos\tgood\npos\tgood\nneg\tbad\npos\t\n");
        Path valid = write("b.txt", "pos\tbad\nneg\tzzz\n");
        opened(prepare("--train", train, "--valid", valid, "--labels", "--min-freq", "1"));
        Tarn text = Tarn.run("data", "check", out().toString());
        assertThat(text.code()).isZero();
        assertThat(text.out())
                .contains("label pos: 3 documents, 75.0 %")
                .contains("1 empty, 0 of unknown words alone, 1 repeat an earlier one")
                .contains("2 to         3 tokens")
                .contains("both: 1 documents of valid stand in train too")
                .contains("b.txt:1 is the same as " + train + ":3, with another label")
                .contains("warning: train: 1 documents are empty.");
        Tarn json = Tarn.run("data", "check", out().toString(), "--json");
        assertThat(json.out().lines()).hasSize(1);
        assertThat(json.out())
                .startsWith("{\"event\":\"check\",\"splits\":[{\"name\":\"train\"")
                .contains("\"labels\":[{\"label\":\"neg\",\"documents\":1},{\"label\":\"pos\",\"documents\":3}]")
                .contains("\"lengths\":[{\"from\":0,\"to\":0,\"documents\":0},{\"from\":1,\"to\":1,\"documents\":1}")
                .contains("\"valid_in_train\":1,\"conflicting_labels\":1");
    }

    @Test
    void uglyTextsAreAClearSentenceOrARightAnswer() throws IOException {
        Path imdb = reviews();
        write("imdb/train/neutral/readme.md", "x");
        refused(3, List.of("--folder", imdb, "--train", "train"), "'neutral' has no example");
        refused(3, List.of("--folder", imdb, "--train", "test", "--valid", "trian"), "There is no folder", "train");
        refused(2, List.of("--folder", imdb, "--include", "unsub"), "did you mean unsup?");
        refused(3, List.of("--folder", Files.createDirectory(temp.resolve("nothing"))), "holds no .txt files");
        Path broken = write("broken.csv", "label,text\npos,\"fine\"\nneg,\"never closed\npos,x\n");
        refused(3, List.of("--csv", broken), "Line 3 of", "never closed");
        Path latin = temp.resolve("imdb/train/pos/latin.txt");
        Files.write(latin, new byte[] {'c', 'a', 'f', (byte) 0xE9});
        refused(
                3,
                List.of("--folder", imdb, "--train", "train", "--include", "neg", "pos"),
                "latin.txt' is not UTF-8",
                "offset 3");
        Files.delete(latin);
        write("imdb/test/pos/empty.txt", "");
        write("imdb/train/loose.txt", "outside");
        Tarn labelled = prepare("--folder", imdb, "--train", "train", "--valid", "test", "--include", "neg", "pos");
        assertThat(labelled.err()).contains("Left out: 1 .txt files right in");
        assertThat(opened(labelled).validTable().orElseThrow().size()).isEqualTo(17);
    }

    private void refused(int code, List<?> flags, String... words) throws IOException {
        prepare(flags.toArray()).failedWith(code, words);
        assertThat(out()).doesNotExist();
    }

    @Test
    void oneClassAloneAndUnknownWordsAloneArePreparedAndSaid() throws IOException {
        Path one = write("one.txt", "pos\tgood\npos\tfine\n");
        Tarn prepared = prepare("--train", one, "--labels");
        assertThat(opened(prepared).classes()).containsExactly("pos");
        assertThat(prepared.err()).contains("only one class");
        Path other = temp.resolve("other");
        Path strange = write("strange.txt", "zzz qqq\n");
        Tarn unknown = Tarn.run(
                "data",
                "prepare",
                "--train",
                strange.toString(),
                "--vocab",
                out().toString(),
                "--out",
                other.toString());
        assertThat(unknown.out()).contains("unknown 66.67 %");
        assertThat(Tarn.run("data", "check", other.toString()).out())
                .contains("1 documents have only words that the vocabulary does not know");
    }

    @Test
    void tenMillionCharactersInALineAreOneDocument() throws IOException {
        StringBuilder line = new StringBuilder("pos\t");
        while (line.length() < 10_000_000) {
            line.append("a fairly long sentence about one film ");
        }
        Path lines = write("long.txt", line + "\nneg\tshort\n");
        PreparedText text =
                opened(prepare("--train", lines, "--labels", "--min-freq", "1", "--tokenizer", "whitespace"));
        assertThat(text.train().documentOffset(1)).isGreaterThan(1_800_000);
        assertThat(Tarn.run("data", "show", out().toString()).code()).isZero();
        assertThat(Tarn.run("data", "check", out().toString()).out()).contains("label pos");
        Folders.delete(out());
        Path solid = write("solid.txt", "x".repeat(10_000_000) + "\n");
        assertThat(opened(prepare("--train", solid)).train().numTokens()).isLessThan(10);
    }

    @Test
    void flagsThatContradictEachOtherAreSaid() throws IOException {
        Path lines = write("a.txt", "one\ntwo\n");
        refused(2, List.of(), "There is nothing to prepare");
        refused(2, List.of("--csv", lines, "--train", lines), "--csv stands alone");
        refused(2, List.of("--train", lines, "--include", "a"), "--include a");
        refused(2, List.of("--train", lines, "--valid", lines, "--valid-pct", "0.5"), "--valid-pct 0.5", "--valid");
        refused(2, List.of("--train", lines, "--valid-pct", "0.1"), "--valid-pct 0.1 of 2 documents");
        refused(2, List.of("--folder", temp, "--valid", "x"), "name the other part with --train");
        refused(3, List.of("--train", lines, "--vocab", temp), "is not a prepared text");
        opened(prepare("--train", lines));
        Tarn.run(
                        "data",
                        "prepare",
                        "--train",
                        lines.toString(),
                        "--vocab",
                        out().toString(),
                        "--tokenizer",
                        "whitespace",
                        "--out",
                        temp.resolve("other").toString())
                .failedWith(2, "--tokenizer whitespace does not fit --vocab");
        Tarn.run("data", "show", out().toString(), "--bptt", "0").failedWith(2, "--bptt 0");
    }

    @Test
    void aDataSetIsFetchedOrItIsSaidWhyNot() throws IOException {
        byte[] archive = Archives.tgz(Archives.files("imdb_sample/texts.csv", "label,text,is_valid\n"));
        Path cache = temp.resolve("cache");
        try (FileServer server = new FileServer(archive)) {
            List<String> get = List.of("data", "get", "imdb-sample", "--cache", cache.toString(), "--url");
            run(get, server.url("none")).failedWith(3, "answered 404");
            run(get, server.url("imdb_sample.tgz")).failedWith(3, "must have MD5 0842e61a9867caa2e6fbdb14fa703d61");
            Tarn got = run(get, server.url("imdb_sample.tgz"), "--checksum", "none");
            assertThat(got.code()).as(got.err()).isZero();
            assertThat(got.out().strip()).isEqualTo(cache.resolve("imdb-sample").toString());
            assertThat(got.err()).contains("100 % of").contains("No checksum is known");
            assertThat(Path.of(got.out().strip()).resolve("texts.csv")).exists();
            Tarn json = run(get, server.url("imdb_sample.tgz"), "--json");
            assertThat(json.out()).startsWith("{\"event\":\"data-set\",\"name\":\"imdb-sample\"");
        }
        Tarn.run("data", "get", "imdb", "--cache", cache.toString(), "--url", "http://no-such-host.invalid/imdb.tgz")
                .failedWith(3, "no-such-host.invalid cannot be reached");
        Tarn.run("data", "get", "imbd").failedWith(2, "did you mean imdb?");
        Files.write(temp.resolve("file"), "x".getBytes(StandardCharsets.UTF_8));
        Tarn.run("data", "get", "imdb", "--cache", temp.resolve("file/cache").toString())
                .failedWith(3, "--cache");
    }

    private static Tarn run(List<String> command, String... more) {
        List<String> args = new ArrayList<>(command);
        args.addAll(List.of(more));
        return Tarn.run(args.toArray(String[]::new));
    }
}
