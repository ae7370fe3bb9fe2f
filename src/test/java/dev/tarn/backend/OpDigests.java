package dev.tarn.backend;

import dev.tarn.testkit.Seeds;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;

/**
 * A program that runs all operation cases on {@code cuda:0} and prints a digest of every bit of their results, a line for each
 * case and kind of recurrent layer. Processes with other settings of the device must print the same.
 */
public final class OpDigests {

    private OpDigests() {}

    /**
     * Runs the cases.
     *
     * @param args the seed of their numbers in hexadecimal
     */
    public static void main(String[] args) throws NoSuchAlgorithmException {
        System.setProperty("tests.seed", args[0]);
        for (OpCase op : OpCases.all()) {
            print(op, Precision.F32, LstmPath.CUDNN);
            // The other cases have no product, and no recurrent layer that could be of another kind.
            if (op.name().startsWith("lstm")) {
                print(op, Precision.F32, LstmPath.FUSED);
                print(op, Precision.BF16, LstmPath.FUSED);
            } else if (op.name().startsWith("decoder")) {
                print(op, Precision.BF16, LstmPath.FUSED);
            }
        }
    }

    private static void print(OpCase op, Precision precision, LstmPath path) throws NoSuchAlgorithmException {
        String options = (precision + " " + path).toLowerCase(Locale.ROOT);
        System.out.println(digest(op, new BackendOptions(precision, path)) + " " + options + " " + op.name());
    }

    private static String digest(OpCase op, BackendOptions options) throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (Backend backend = Devices.open("cuda:0", options);
                Scene scene = new Scene(backend, Seeds.random(op.name()))) {
            op.run().accept(scene);
            for (Map.Entry<String, double[]> result : scene.results().entrySet()) {
                ByteBuffer bits = ByteBuffer.allocate(result.getValue().length * Float.BYTES);
                for (double value : result.getValue()) {
                    bits.putInt(Float.floatToRawIntBits((float) value));
                }
                digest.update(bits.array());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
