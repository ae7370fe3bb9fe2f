package dev.tarn.data.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server on this machine, whole and broken off, and what becomes of them. */
class DataSetCacheTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path temp;

    private final List<String> notes = new ArrayList<>();
    private byte[] archive = {};

    @BeforeEach
    void makeArchive() throws IOException {
        // Text that does not shrink, so that the archive is larger than the buffers on the way.
        StringBuilder noise = new StringBuilder();
        seeds.random().ints(300_000, '!', '~').forEach(c -> noise.append((char) c));
        archive = Archives.tgz(Archives.files("imdb/texts.csv", "label,text\n", "imdb/noise.txt", noise.toString()));
    }

    private Checksum checksum(byte[] bytes) throws IOException {
        return Checksum.of(Files.write(temp.resolve("sum"), bytes), "MD5");
    }

    private DataSet set(String url, @Nullable Checksum checksum) {
        return DataSet.named("imdb").at(url).withChecksum(checksum);
    }

    private Path cache() {
        return temp.resolve("cache");
    }

    private Path get(DataSet set) {
        return new DataSetCache(cache()).get(set, (bytes, total) -> {}, notes::add);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(cache())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aWholeDownloadIsCheckedUnpackedAndNotRepeated() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            List<Long> seen = new ArrayList<>();
            DataSet set = set(server.url("imdb.tgz"), checksum(archive));
            Path folder = new DataSetCache(cache())
                    .get(
                            set,
                            (bytes, total) -> {
                                assertThat(total).isEqualTo(archive.length);
                                seen.add(bytes);
                            },
                            notes::add);
            assertThat(folder.resolve("texts.csv")).hasContent("label,text");
            assertThat(seen).isSorted().endsWith((long) archive.length);
            assertThat(names()).containsExactly("imdb", "imdb.tgz");
            assertThat(get(set)).isEqualTo(folder);
            assertThat(server.ranges()).containsExactly("");
            assertThat(notes).singleElement().asString().contains("is there already");
        }
    }

    @Test
    void whatBrokeOffGoesOnWhereItStopped() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            DataSet set = set(server.url("imdb.tgz"), checksum(archive));
            server.breakAfter(100_000);
            assertThatThrownBy(() -> get(set))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("stopped after")
                    .hasMessageContaining("of " + archive.length + " bytes")
                    .hasMessageContaining("run the command again");
            assertThat(names()).containsExactly("imdb.tgz.part", "imdb.tgz.part.tag");
            long have = Files.size(cache().resolve("imdb.tgz.part"));
            assertThat(have).isPositive();
            server.breakAfter(-1);
            assertThat(get(set).resolve("texts.csv")).exists();
            assertThat(server.ranges()).containsExactly("", "bytes=" + have + "-");
            assertThat(names()).containsExactly("imdb", "imdb.tgz");
        }
    }

    @Test
    void anotherFileOnTheServerIsFetchedAnew() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            server.breakAfter(100_000);
            DataSet first = set(server.url("imdb.tgz"), null);
            assertThatThrownBy(() -> get(first)).isInstanceOf(DataException.class);
            server.breakAfter(-1);
            byte[] other = Archives.tgz(Archives.files("imdb/other.txt", "other"));
            server.replace(other);
            assertThat(get(set(server.url("imdb.tgz"), checksum(other))).resolve("other.txt"))
                    .hasContent("other");
        }
    }

    @Test
    void aPartThatIsLongerThanTheFileIsFetchedAnew() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            Files.createDirectories(cache());
            Files.write(cache().resolve("imdb.tgz.part"), new byte[archive.length + 5]);
            Files.writeString(cache().resolve("imdb.tgz.part.tag"), "\"one\"");
            get(set(server.url("imdb.tgz"), checksum(archive)));
            assertThat(server.ranges()).hasSize(2).endsWith("");
        }
    }

    @Test
    void aWrongChecksumIsPutAsideAndNotUsed() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            DataSet set = set(server.url("imdb.tgz"), Checksum.md5("0".repeat(32)));
            assertThatThrownBy(() -> get(set))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining(checksum(archive).hex())
                    .hasMessageContaining("imdb.rejected");
            assertThat(names()).containsExactly("imdb.rejected");
        }
    }

    @Test
    void withoutAKnownChecksumTheFirstOneIsKept() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            DataSet set = set(server.url("imdb.tgz"), null);
            get(set);
            assertThat(notes)
                    .singleElement()
                    .asString()
                    .contains("No checksum is known")
                    .contains("sha256:");
            Files.delete(cache().resolve("imdb.tgz"));
            Files.move(cache().resolve("imdb"), temp.resolve("away"));
            server.replace(Archives.tgz(Archives.files("imdb/other.txt", "other")));
            assertThatThrownBy(() -> get(set)).isInstanceOf(DataException.class).hasMessageContaining("imdb.rejected");
        }
    }

    @Test
    void aServerWithoutTheFileOrNoServerIsOneClearSentence() throws IOException {
        int free;
        try (FileServer server = new FileServer(archive);
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
            assertThatThrownBy(() -> get(set(server.url("none"), null)))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("answered 404");
        }
        assertThatThrownBy(() -> get(set("http://127.0.0.1:" + free + "/imdb.tgz", null)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("127.0.0.1 cannot be reached");
        assertThatThrownBy(() -> get(set("http://no-such-host.invalid/imdb.tgz", null)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no-such-host.invalid cannot be reached");
        assertThat(names()).doesNotContain("imdb", "imdb.tgz");
    }

    @Test
    void aServerThatFallsSilentEndsTheTry() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            server.breakAfter(100_000);
            server.fallSilent();
            Download download = new Download(
                    DataSet.named("imdb").at(server.url("imdb.tgz")).url(),
                    temp.resolve("imdb.tgz"),
                    1 << 20,
                    Duration.ofMillis(300),
                    (bytes, total) -> {});
            assertThatThrownBy(download::fetch)
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("stopped after");
        }
    }

    @Test
    void aFileBeyondTheBoundAndASecondDownloadAreRefused() throws IOException {
        try (FileServer server = new FileServer(archive)) {
            Path file = temp.resolve("imdb.tgz");
            Download download = new Download(
                    DataSet.named("imdb").at(server.url("imdb.tgz")).url(), file, 1000, (bytes, total) -> {});
            assertThatThrownBy(download::fetch)
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("1000 bytes");
            Path part = file.resolveSibling("imdb.tgz.part");
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE);
                    FileLock lock = channel.lock()) {
                assertThat(lock.isValid()).isTrue();
                assertThatThrownBy(download::fetch)
                        .isInstanceOf(DataException.class)
                        .hasMessageContaining("Another process");
            }
        }
    }

    @Test
    void aHostileArchiveLeavesNoFolder() throws IOException {
        byte[] hostile = Archives.tgz(Archives.files("imdb/a.txt", "a", "../evil.txt", "b"));
        try (FileServer server = new FileServer(hostile)) {
            assertThatThrownBy(() -> get(set(server.url("imdb.tgz"), checksum(hostile))))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("leads out of its folder");
            assertThat(names()).containsExactly("imdb.tgz");
        }
    }

    @Test
    void theFourDataSetsHaveAddressAndChecksum() {
        assertThat(DataSet.names()).containsExactly("imdb", "imdb-sample", "wikitext-103", "wikitext-2");
        for (String name : DataSet.names()) {
            DataSet set = DataSet.named(name);
            assertThat(set.url().getScheme()).isEqualTo("https");
            assertThat(set.size()).isPositive();
            assertThat(set.checksum()).isNotNull();
            assertThat(set.about()).isNotBlank();
        }
        assertThatThrownBy(() -> DataSet.named("imbd"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean imdb?");
        assertThatThrownBy(() -> DataSet.named("imdb").at("file:///etc/passwd")).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> DataSet.named("imdb").at("ht tp")).isInstanceOf(ConfigException.class);
        assertThatThrownBy(() -> Checksum.parse("sha256:12")).isInstanceOf(ConfigException.class);
    }

    @Test
    void theCacheIsWhereTheSystemKeepsSuchThings() {
        assertThat(DataSetCache.ofUser(Map.of("TARN_CACHE", "/c"), "/h", "Linux")
                        .folder())
                .isEqualTo(Path.of("/c"));
        assertThat(DataSetCache.ofUser(Map.of("XDG_CACHE_HOME", "/x"), "/h", "Linux")
                        .folder())
                .isEqualTo(Path.of("/x/tarn"));
        assertThat(DataSetCache.ofUser(Map.of(), "/h", "Linux").folder()).isEqualTo(Path.of("/h/.cache/tarn"));
        assertThat(DataSetCache.ofUser(Map.of(), "/h", "Mac OS X").folder())
                .isEqualTo(Path.of("/h/Library/Caches/tarn"));
    }
}
