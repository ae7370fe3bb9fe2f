package dev.tarn.data.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path temp;

    private Path unpack(String name, byte[] bytes, long mostBytes) throws IOException {
        Path target = Files.createTempDirectory(temp, "target");
        Archive.unpack(Files.write(temp.resolve(name), bytes), name, target, mostBytes);
        return target;
    }

    private void refused(String name, byte[] bytes, String words) {
        assertThatThrownBy(() -> unpack(name, bytes, 1000))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(words);
    }

    @Test
    void tarAndZipGiveTheirFiles() throws IOException {
        Map<String, String> files = Archives.files("a/b.txt", "one", "a/c/d.txt", "x".repeat(600), "e.txt", "");
        for (Path target :
                List.of(unpack("x.tgz", Archives.tgz(files), 1000), unpack("x.zip", Archives.zip(files), 1000))) {
            assertThat(target.resolve("a/b.txt")).hasContent("one");
            assertThat(target.resolve("a/c/d.txt")).hasContent("x".repeat(600));
            assertThat(target.resolve("e.txt")).isEmptyFile();
        }
    }

    @Test
    void longNamesOfBothKindsAreRead() throws IOException {
        String gnu = "g/".repeat(80) + "name.txt";
        String pax = "p/".repeat(80) + "name.txt";
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        tar.write(Archives.tarEntry("././@LongLink", 'L', (gnu + "\0").getBytes(StandardCharsets.UTF_8)));
        tar.write(Archives.tarEntry("short", '0', "one".getBytes(StandardCharsets.UTF_8)));
        String record = " path=" + pax + "\n";
        record = record.length() + 3 + record;
        tar.write(Archives.tarEntry("PaxHeader", 'x', record.getBytes(StandardCharsets.UTF_8)));
        tar.write(Archives.tarEntry("short", '0', "two".getBytes(StandardCharsets.UTF_8)));
        tar.write(Archives.tarEntry("folder/", '5', new byte[0]));
        Path target = unpack("x.tgz", Archives.gzip(tar.toByteArray()), 1000);
        assertThat(target.resolve(gnu)).hasContent("one");
        assertThat(target.resolve(pax)).hasContent("two");
        assertThat(target.resolve("folder")).isEmptyDirectory();
    }

    @Test
    void nothingLeadsOutOfTheFolder() throws IOException {
        for (String name : List.of("../x", "a/../../x", "/etc/x", "a/..", "..", "a\\..\\x", ".", "a/../b")) {
            refused("x.tgz", Archives.tgz(Archives.files(name, "text")), "cannot be unpacked");
            refused("x.zip", Archives.zip(Archives.files(name, "text")), "cannot be unpacked");
        }
        for (char link : "12346".toCharArray()) {
            refused("x.tgz", Archives.gzip(Archives.tarEntry("a", link, new byte[0])), "is a link or a device");
        }
        try (Stream<Path> files = Files.list(temp)) {
            assertThat(files.filter(file -> file.getFileName().toString().equals("x")))
                    .isEmpty();
        }
    }

    @Test
    void sizesAreBoundedAndNamesStandOnce() throws IOException {
        refused("x.tgz", Archives.tgz(Archives.files("a", "x".repeat(900), "b", "x".repeat(101))), "more than 1000");
        refused("x.zip", Archives.zip(Archives.files("a", "x".repeat(900), "b", "x".repeat(101))), "more than 1000");
        refused("x.tgz", Archives.tgz(Archives.files("a", "1", "b/../a", "2")), "leads out");
        ByteArrayOutputStream twice = new ByteArrayOutputStream();
        twice.write(Archives.tarEntry("a", '0', new byte[1]));
        twice.write(Archives.tarEntry("a", '0', new byte[1]));
        refused("x.tgz", Archives.gzip(twice.toByteArray()), "stands there twice");
        refused("x.tgz", Archives.gzip(new byte[1024]), "holds nothing");
        refused("x.tgz", "no archive".getBytes(StandardCharsets.UTF_8), "cannot be unpacked");
        refused("x.zip", "no archive".getBytes(StandardCharsets.UTF_8), "holds nothing");
    }

    @Test
    void damagedArchivesAreUnpackedOrRefusedButNeverAnythingElse() throws IOException {
        byte[] inner = Archives.tarEntry("a/b.txt", '0', "x".repeat(700).getBytes(StandardCharsets.UTF_8));
        byte[] zip = Archives.zip(Archives.files("a/b.txt", "some text", "c.txt", "more"));
        for (int i = 0; i < 300; i++) {
            byte[] bad = (i % 2 == 0 ? inner : zip).clone();
            int changes = seeds.between(1, 4);
            for (int k = 0; k < changes; k++) {
                bad[seeds.between(0, bad.length - 1)] = (byte) seeds.between(0, 255);
            }
            bad = seeds.random().nextBoolean() ? bad : java.util.Arrays.copyOf(bad, seeds.between(0, bad.length));
            try {
                unpack(i % 2 == 0 ? "x.tgz" : "x.zip", i % 2 == 0 ? Archives.gzip(bad) : bad, 10_000);
            } catch (DataException e) {
                assertThat(e.sentence()).contains("cannot be unpacked").endsWith(".");
            }
        }
    }
}
