package dev.tarn.backend.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes shared libraries that the loader takes and that have nothing in them but names: each symbol stands in the table of
 * words and nowhere else, so calling it ends the process, as with a library of a wrong version.
 */
public final class FakeLibrary {

    static final String[] CUDA = {"cuInit", "cuDevicePrimaryCtxRetain", "cuLaunchKernel", "cuGraphInstantiateWithFlags"
    };
    static final String[] CUBLAS = {"cublasCreate_v2", "cublasGemmEx", "cublasSetWorkspace_v2"};
    static final String[] CUDNN = {"cudnnCreate", "cudnnRNNForward", "cudnnRNNBackwardWeights_v8"};

    private static final int HEADERS = 3;
    private static final int DYNAMIC = 64 + HEADERS * 56;
    private static final int ENTRIES = 6;
    private static final int SYMBOLS = DYNAMIC + ENTRIES * 16;
    private static final int WORDS = SYMBOLS + 24;

    private FakeLibrary() {}

    /** All three libraries, as good as they get. */
    public static Path all(Path folder) throws IOException {
        write(folder.resolve("libcuda.so.1"), "libcuda.so.1", CUDA);
        write(folder.resolve("libcublas.so.12"), "libcublas.so.12", CUBLAS);
        write(folder.resolve("libcudnn.so.9"), "libcudnn.so.9", CUDNN);
        return folder;
    }

    static Path write(Path file, String soname, String... symbols) throws IOException {
        Files.createDirectories(file.resolveSibling(""));
        return Files.write(file, bytes(soname, symbols));
    }

    static byte[] bytes(String soname, String... symbols) {
        String words = "\0" + soname + "\0" + String.join("\0", symbols) + "\0";
        int size = WORDS + words.length();
        ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0x464C457F).put((byte) 2).put((byte) 1).put((byte) 1).position(16);
        elf.putShort((short) 3)
                .putShort((short) 62)
                .putInt(1)
                .putLong(0)
                .putLong(64)
                .putLong(0)
                .putInt(0);
        elf.putShort((short) 64).putShort((short) 56).putShort((short) HEADERS).position(64);
        header(elf, 1, 0, size);
        header(elf, 2, DYNAMIC, ENTRIES * 16);
        header(elf, 0x6474E551, 0, 0);
        long[] entries = {14, 1, 5, WORDS, 10, words.length(), 6, SYMBOLS, 11, 24, 0, 0};
        for (long entry : entries) {
            elf.putLong(entry);
        }
        elf.position(WORDS);
        elf.put(words.getBytes(StandardCharsets.ISO_8859_1));
        return elf.array();
    }

    private static void header(ByteBuffer elf, int type, int offset, int bytes) {
        elf.putInt(type).putInt(6).putLong(offset).putLong(offset).putLong(offset);
        elf.putLong(bytes).putLong(bytes).putLong(type == 1 ? 0x1000 : 8);
    }
}
