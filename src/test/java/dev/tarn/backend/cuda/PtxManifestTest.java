package dev.tarn.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The PTX that ships is that of the sources; no compiler is needed to see it. */
class PtxManifestTest {

    private static final Pattern ENTRY = Pattern.compile("\\{\"module\": \"(\\w+)\", \"sha256\": \"(\\w{64})\"}");
    private static final Pattern INCLUDE = Pattern.compile("^#include \"([^\"]+)\"", Pattern.MULTILINE);

    private static Map<String, String> manifest() throws IOException {
        Map<String, String> hashes = new TreeMap<>();
        Matcher entry = ENTRY.matcher(Files.readString(ShippedPtx.FOLDER.resolve("manifest.json")));
        while (entry.find()) {
            hashes.put(entry.group(1), entry.group(2));
        }
        return hashes;
    }

    @Test
    void everyModuleWasCompiledFromItsSourceAsItIs() throws IOException, NoSuchAlgorithmException {
        Map<String, String> hashes = new TreeMap<>();
        for (Path source : ShippedPtx.files(ShippedPtx.SOURCES, ".cu")) {
            hashes.put(ShippedPtx.name(source, ".cu"), hash(source));
        }
        assertThat(manifest())
                .as("compile the kernels again with: java kernels/CompileKernels.java")
                .isEqualTo(hashes);
    }

    @Test
    void everyModuleThatShipsIsListed() throws IOException {
        assertThat(ShippedPtx.modules())
                .hasSizeGreaterThanOrEqualTo(8)
                .containsOnlyKeys(manifest().keySet());
    }

    @Test
    void driversFromCuda118OnTakeItForEveryGpuFromTuringOn() throws IOException {
        ShippedPtx.modules()
                .forEach((name, ptx) -> assertThat(ptx.lines().limit(3))
                        .as(name)
                        .containsExactly(".version 7.8", ".target sm_75", ".address_size 64"));
        String manifest = Files.readString(ShippedPtx.FOLDER.resolve("manifest.json"));
        assertThat(manifest).contains("\"ptxVersion\": \"7.8\"");
        assertThat(CudaProbe.cudaOfPtx(manifest)).isEqualTo(11_080);
    }

    /** As {@code CompileKernels} computes it, written a second time. */
    private static String hash(Path source) throws IOException, NoSuchAlgorithmException {
        Map<String, String> texts = new TreeMap<>();
        List<Path> open = new ArrayList<>(List.of(source));
        while (!open.isEmpty()) {
            Path file = open.remove(0);
            String text = Files.readString(file).replace("\r\n", "\n");
            if (texts.put(file.getFileName().toString(), text) != null) {
                continue;
            }
            INCLUDE.matcher(text)
                    .results()
                    .map(include -> file.resolveSibling(include.group(1)))
                    .filter(Files::exists)
                    .forEach(open::add);
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        texts.forEach((name, text) -> digest.update((name + "\0" + text + "\0").getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(digest.digest());
    }
}
