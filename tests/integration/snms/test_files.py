"""Uploading: the content decides, the bounds hold, a file belongs to one enterprise (snms-api.md §8, F1)."""

import aiohttp

MEGABYTE = 1 << 20


async def told(caller, content, name="a.jpg"):
    found = await caller.upload(content, name)
    return found["status"], found["message"]


async def test_images_and_pdf_are_kept_under_names_of_our_own(snms, demo, pdf):
    found = (await demo.upload(name="../../licence.exe"))["data"]
    assert found["path"].endswith(".jpg")
    assert "/" not in found["path"]
    again = (await demo.upload(pdf, "contract.pdf"))["data"]
    assert again["id"] != found["id"]
    folder = snms.settings.data_dir / "files"
    assert sorted(path.name for path in folder.iterdir()) == sorted([found["path"], again["path"]])
    assert (folder / again["path"]).read_bytes() == pdf


async def test_the_content_tells_the_kind_not_the_name(demo):
    for content in (b"", b"MZ\x90\x00", b"<svg/>", b"plain text", b"\xff\xd8"):
        assert await told(demo, content, "innocent.jpg") == (
            -2,
            "文件类型不支持（应为JPEG、PNG、BMP图片或PDF，按文件内容判断）",
        )


async def test_an_image_has_a_megabyte_at_most_a_pdf_five(snms, demo, pdf):
    image = b"\x89PNG\r\n\x1a\n"
    assert (await told(demo, image.ljust(MEGABYTE, b"x")))[0] == 1
    assert await told(demo, image.ljust(MEGABYTE + 1, b"x")) == (
        -2,
        "文件大小超出限制（上限为1MB：图片1MB，PDF 5MB）",
    )
    assert (await told(demo, pdf.ljust(5 * MEGABYTE, b"x")))[0] == 1
    assert await told(demo, pdf.ljust(5 * MEGABYTE + 1, b"x")) == (
        -2,
        "文件大小超出限制（上限为5MB：图片1MB，PDF 5MB）",
    )
    assert len(list((snms.settings.data_dir / "files").iterdir())) == 2


async def test_what_is_no_form_is_told_as_such(demo, anybody):
    missing = (200, -2, "缺少必要的请求参数: file")
    status, found = await demo.raw("POST", "/snms/api/file/upload", body={"file": "x"})
    assert (status, found["status"], found["message"]) == missing
    form = aiohttp.FormData()
    form.add_field("other", b"x", filename="x")
    status, found = await demo.raw("POST", "/snms/api/file/upload", data=form)
    assert (status, found["status"], found["message"]) == missing
    broken = {"Content-Type": "multipart/form-data; boundary=b"}
    for data in (b"", b"--b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nxx'):
        status, found = await demo.raw("POST", "/snms/api/file/upload", data=data, headers=broken)
        assert (status, found["status"]) == (200, -2)
    assert (await anybody.upload())["status"] == -1


async def test_strangers_files_are_removed_at_the_next_start(serve, call_on):
    node = await serve()
    kept = (await (await call_on(node).login("demo")).upload())["data"]["path"]
    await node.stop()
    folder = node.settings.data_dir / "files"
    (folder / "left-by-a-crash.jpg").write_bytes(b"x")
    await serve()
    assert [path.name for path in folder.iterdir()] == [kept]
