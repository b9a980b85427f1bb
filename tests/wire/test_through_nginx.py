"""A part of the suite through nginx, as `sebez nginx-conf` configures it, over HTTP/1.1 and HTTP/2:
tests of other files run here again, with the fixtures below. The whole suite goes through it with
SEBEZ_TEST_THROUGH=h1 or h2."""
import pytest
import test_chat
import test_feed
import test_import
import test_orders
from conftest import serving
from harness import certificate
from harness.shop import Shop


@pytest.fixture(scope="module", params=["h1", "h2"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    certificate.write(folder)
    with pytest.MonkeyPatch.context() as patch, serving(through=request.param) as server:
        patch.setenv("REQUESTS_CA_BUNDLE", str(folder / "cert"))
        yield server


@pytest.fixture(scope="module")
def shop(server):
    return Shop(server)


test_a_message = test_chat.test_a_message_is_sent_once_however_often_it_is_submitted
test_senders = test_chat.test_numbers_have_no_gaps_under_fifty_senders
test_pages = test_feed.test_a_cursor_resumes_page_by_page
test_a_stream = test_feed.test_a_stream_tells_the_same_events_and_resumes_at_its_last_id
test_polls = test_feed.test_polls_that_wait_are_woken_in_every_process
test_sign_out = test_feed.test_the_end_of_a_session_ends_its_polls_and_streams_at_once
test_an_import = test_import.test_bad_rows_are_named_and_the_good_ones_go_in
test_a_large_import = test_import.test_a_large_file_goes_in_whole
test_an_order = test_orders.test_an_order_is_split_into_a_part_for_each_vendor
test_one_key = (
    test_orders.test_the_same_request_with_a_key_fifty_times_at_once_is_one_order_and_one_answer)
