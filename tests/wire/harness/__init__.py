"""What the wire tests are written with. Start reading at shop.py."""
