package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** JCuda's natives are unpacked whole, privately and once, whatever lies there and whoever else is at it. */
@EnabledOnOs(OS.LINUX)
class UnpackedNativesTest {

    private static final Map<String, byte[]> CONTENTS = Map.of("libx.so", new byte[] {1, 2, 3}, "liby.so", new byte[5]);

    @TempDir
    private Path temp;

    /** Run in processes of their own: unpacks what Tarn itself unpacks. */
    public static void main(String[] args) throws IOException {
        UnpackedNatives.unpack(List.of("JCudaDriver", "JCublas2", "JCudnn"), Map.of("XDG_CACHE_HOME", args[0]));
    }

    private Path folder() {
        return temp.resolve("cache/tarn/jcuda");
    }

    @Test
    void theFolderIsForThisUserAlone() throws IOException {
        assertThat(UnpackedNatives.unpack(CONTENTS, folder()).files())
                .allSatisfy(file -> assertThat(file).isRegularFile());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
                .isEqualTo("rwx------");
    }

    @Test
    void aDamagedFileIsReplacedAndAGoodOneIsLeftAlone() throws IOException {
        UnpackedNatives.unpack(CONTENTS, folder());
        Path x = folder().resolve("libx.so");
        Path y = folder().resolve("liby.so");
        Files.write(x, new byte[] {1, 2, 4});
        FileTime before = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(y, before);
        UnpackedNatives.unpack(CONTENTS, folder());
        assertThat(x).hasBinaryContent(new byte[] {1, 2, 3});
        assertThat(Files.getLastModifiedTime(y)).isEqualTo(before);
        Files.write(x, new byte[] {1});
        UnpackedNatives.unpack(CONTENTS, folder());
        assertThat(x).hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void aLinkInTheFoldersPlaceOfAFileIsReplacedNotFollowed() throws IOException {
        UnpackedNatives.unpack(CONTENTS, folder());
        Path x = folder().resolve("libx.so");
        Path elsewhere = Files.write(temp.resolve("elsewhere"), new byte[] {1, 2, 3});
        Files.delete(x);
        Files.createSymbolicLink(x, elsewhere);
        UnpackedNatives.unpack(CONTENTS, folder());
        assertThat(Files.isRegularFile(x, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void aFolderThatOthersCanWriteIsRefused() throws IOException {
        Files.createDirectories(folder());
        Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> UnpackedNatives.unpack(CONTENTS, folder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder().toString());
        Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwx------"));
        Files.setPosixFilePermissions(folder().getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> UnpackedNatives.unpack(CONTENTS, folder()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("others");
    }

    @Test
    void aCacheThatCannotBeMadeIsReplacedByAFolderBesideTheTemporaryFiles() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));
        Path folder = UnpackedNatives.unpack(List.of("JCudnn"), Map.of("XDG_CACHE_HOME", file.toString()))
                .folder();
        assertThat(folder)
                .startsWith(Path.of(System.getProperty("java.io.tmpdir"), "tarn-" + System.getProperty("user.name")));
    }

    @Test
    void aMissingJarIsNamed() {
        assertThatThrownBy(() -> UnpackedNatives.unpack(List.of("JNothing"), Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("libJNothing-12.6.0-linux-x86_64.so");
    }

    @Test
    void temporaryFilesGoWhereTheyAlwaysDid() throws IOException {
        String before = System.getProperty("java.io.tmpdir");
        UnpackedNatives natives = UnpackedNatives.unpack(CONTENTS, folder());
        natives.whileFound(
                () -> assertThat(System.getProperty("java.io.tmpdir")).isEqualTo(folder().toString()));
        assertThat(System.getProperty("java.io.tmpdir")).isEqualTo(before);
        for (Path file : List.of(
                Files.createTempFile("tarn", ".tmp"),
                File.createTempFile("tarn", ".tmp").toPath())) {
            assertThat(file.getParent()).isEqualTo(Path.of(before));
            Files.delete(file);
        }
        try (Stream<Path> files = Files.list(folder())) {
            assertThat(files).hasSameSizeAs(CONTENTS.keySet());
        }
    }

    @Test
    void severalProcessesAtOnce() throws IOException, InterruptedException {
        Path cache = temp.resolve("shared");
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            UnpackedNativesTest.class.getName(),
                            cache.toString())
                    .inheritIO()
                    .start());
        }
        for (Process process : processes) {
            assertThat(process.waitFor()).isZero();
        }
        try (Stream<Path> folders = Files.list(cache.resolve("tarn"))) {
            Path only = folders.toList().get(0);
            assertThat(ShippedPtx.files(only, ""))
                    .hasSize(3)
                    .allMatch(file -> file.toString().endsWith(".so"));
        }
    }
}
