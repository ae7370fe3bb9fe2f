package dev.tarn.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A connection on which a test says every byte itself, as ill-behaved clients do. */
final class Wire implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 20_000;

    private final Socket socket;

    /** What came back. */
    record Reply(int status, Map<String, String> headers, String body) {}

    Wire(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
    }

    static Reply ask(int port, String method, String path) throws IOException {
        try (Wire wire = new Wire(port)) {
            return wire.send(method + " " + path + " HTTP/1.1\r\nHost: tarn\r\nConnection: close\r\n\r\n")
                    .reply();
        }
    }

    static Reply post(int port, String path, String body) throws IOException {
        try (Wire wire = new Wire(port)) {
            return wire.post(path, body).reply();
        }
    }

    Wire post(String path, String body) throws IOException {
        return head(path, body.getBytes(UTF_8).length).send(body);
    }

    /** The headers of a request with a JSON body of a length. */
    Wire head(String path, long length) throws IOException {
        return send("POST " + path + " HTTP/1.1\r\nHost: tarn\r\nContent-Type: application/json\r\nContent-Length: "
                + length + "\r\n\r\n");
    }

    Wire send(String text) throws IOException {
        return send(text.getBytes(UTF_8));
    }

    Wire send(byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
        return this;
    }

    Reply reply() throws IOException {
        InputStream in = socket.getInputStream();
        String[] first = line(in).split(" ", 3);
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        return new Reply(Integer.parseInt(first[1]), headers, new String(in.readNBytes(length), UTF_8));
    }

    /** Whether the other side has closed the connection; waits for it. */
    boolean isEnded() throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("the connection ended after '" + line + "'");
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
