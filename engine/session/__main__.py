"""`python -m engine.session`: requests on stdin, responses on stdout, as frames."""

from engine.session.server import serve_pipes

if __name__ == "__main__":
    serve_pipes()
