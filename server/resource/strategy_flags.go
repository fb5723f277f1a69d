package resource

// Flags of providers with many flags, each with the scope that it requests.
const (
	// facebookFlags have the same names as the permissions; public_profile comes last.
	facebookFlags = `
		ads_management
		ads_read
		business_management
		email
		groups_access_member_info
		leads_retrieval
		manage_notifications
		manage_pages
		pages_manage_cta
		pages_manage_instant_articles
		pages_messaging
		pages_messaging_phone_number
		pages_messaging_subscriptions
		pages_show_list
		publish_actions
		publish_pages
		publish_to_groups
		publish_video
		read_audience_network_insights
		read_insights
		read_mailbox
		read_page_mailboxes
		read_stream
		user_age_range
		user_birthday
		user_events
		user_friends
		user_gender
		user_groups
		user_hometown
		user_likes
		user_link
		user_location
		user_managed_groups
		user_photos
		user_posts
		user_status
		user_tagged_places
		user_videos
		public_profile`

	// githubFlags have no scope for the profile, which GitHub shows after every login.
	githubFlags = `
		email            user:email
		read_user        read:user
		follow           user:follow
		public_repo
		repo
		repo_deployment
		repo_status      repo:status
		delete_repo
		notifications
		gist
		read_repo_hook   read:repo_hook
		write_repo_hook  write:repo_hook
		admin_repo_hook  admin:repo_hook
		read_org         read:org
		write_org        write:org
		admin_org        admin:org
		read_public_key  read:public_key
		write_public_key write:public_key
		admin_public_key admin:public_key`

	// googleFlags are from Google: identity/protocols/oauth2/scopes. Scopes of services
	// that are older than it are URLs of feeds.
	googleFlags = `
		*email
		*profile
		adsense_management                 https://www.googleapis.com/auth/adsense
		analytics                          https://www.googleapis.com/auth/analytics
		blogger                            https://www.googleapis.com/auth/blogger
		calendar                           https://www.googleapis.com/auth/calendar
		calendar_addons_execute            https://www.googleapis.com/auth/calendar.addons.execute
		calendar_events                    https://www.googleapis.com/auth/calendar.events
		calendar_events_readonly           https://www.googleapis.com/auth/calendar.events.readonly
		calendar_settings_readonly         https://www.googleapis.com/auth/calendar.settings.readonly
		chrome_web_store                   https://www.googleapis.com/auth/chromewebstore
		contacts                           https://www.google.com/m8/feeds
		contacts_new                       https://www.googleapis.com/auth/contacts
		contacts_other_readonly            https://www.googleapis.com/auth/contacts.other.readonly
		contacts_readonly                  https://www.googleapis.com/auth/contacts.readonly
		content_api_for_shopping           https://www.googleapis.com/auth/content
		coordinate                         https://www.googleapis.com/auth/coordinate
		coordinate_readonly                https://www.googleapis.com/auth/coordinate.readonly
		directory_readonly                 https://www.googleapis.com/auth/directory.readonly
		document_list                      https://docs.google.com/feeds/
		drive                              https://www.googleapis.com/auth/drive
		drive_activity                     https://www.googleapis.com/auth/drive.activity
		drive_activity_readonly            https://www.googleapis.com/auth/drive.activity.readonly
		drive_appdata                      https://www.googleapis.com/auth/drive.appdata
		drive_apps_readonly                https://www.googleapis.com/auth/drive.apps.readonly
		drive_file                         https://www.googleapis.com/auth/drive.file
		drive_metadata                     https://www.googleapis.com/auth/drive.metadata
		drive_metadata_readonly            https://www.googleapis.com/auth/drive.metadata.readonly
		drive_photos_readonly              https://www.googleapis.com/auth/drive.photos.readonly
		drive_readonly                     https://www.googleapis.com/auth/drive.readonly
		drive_scripts                      https://www.googleapis.com/auth/drive.scripts
		gmail                              https://mail.google.com/mail/feed/atom
		gmail_compose                      https://www.googleapis.com/auth/gmail.compose
		gmail_insert                       https://www.googleapis.com/auth/gmail.insert
		gmail_labels                       https://www.googleapis.com/auth/gmail.labels
		gmail_metadata                     https://www.googleapis.com/auth/gmail.metadata
		gmail_modify                       https://www.googleapis.com/auth/gmail.modify
		gmail_new                          https://mail.google.com/
		gmail_readonly                     https://www.googleapis.com/auth/gmail.readonly
		gmail_send                         https://www.googleapis.com/auth/gmail.send
		gmail_settings_basic               https://www.googleapis.com/auth/gmail.settings.basic
		gmail_settings_sharing             https://www.googleapis.com/auth/gmail.settings.sharing
		google_affiliate_network           https://www.googleapis.com/auth/gan
		google_books                       https://www.googleapis.com/auth/books
		google_cloud_storage               https://www.googleapis.com/auth/devstorage.read_write
		google_drive                       https://www.googleapis.com/auth/drive
		google_drive_files                 https://www.googleapis.com/auth/drive.file
		google_plus                        https://www.googleapis.com/auth/plus.login
		latitude_best                      https://www.googleapis.com/auth/latitude.all.best
		latitude_city                      https://www.googleapis.com/auth/latitude.all.city
		moderator                          https://www.googleapis.com/auth/moderator
		orkut                              https://www.googleapis.com/auth/orkut
		picasa_web                         https://picasaweb.google.com/data/
		sites                              https://sites.google.com/feeds/
		spreadsheets                       https://spreadsheets.google.com/feeds/
		tasks                              https://www.googleapis.com/auth/tasks
		tasks_readonly                     https://www.googleapis.com/auth/tasks.readonly
		url_shortener                      https://www.googleapis.com/auth/urlshortener
		webmaster_tools                    https://www.google.com/webmasters/tools/feeds/
		youtube                            https://gdata.youtube.com
		youtube_channelmemberships_creator https://www.googleapis.com/auth/youtube.channel-memberships.creator
		youtube_new                        https://www.googleapis.com/auth/youtube
		youtube_readonly                   https://www.googleapis.com/auth/youtube.readonly
		youtube_upload                     https://www.googleapis.com/auth/youtube.upload
		youtubepartner                     https://www.googleapis.com/auth/youtubepartner`

	// graphFlags are permissions of Microsoft: graph/permissions-reference. Only the one
	// for the profile is requested by default.
	graphFlags = `
		*graph_user                        https://graph.microsoft.com/User.Read
		graph_user_update                  https://graph.microsoft.com/User.ReadWrite
		graph_user_activity                https://graph.microsoft.com/UserActivity.ReadWrite.CreatedByApp
		graph_device                       https://graph.microsoft.com/Device.Read
		graph_device_command               https://graph.microsoft.com/Device.Command
		graph_emails                       https://graph.microsoft.com/Mail.Read
		graph_emails_update                https://graph.microsoft.com/Mail.ReadWrite
		graph_calendars                    https://graph.microsoft.com/Calendars.Read
		graph_calendars_update             https://graph.microsoft.com/Calendars.ReadWrite
		graph_contacts                     https://graph.microsoft.com/Contacts.Read
		graph_contacts_update              https://graph.microsoft.com/Contacts.ReadWrite
		graph_files                        https://graph.microsoft.com/Files.Read
		graph_files_update                 https://graph.microsoft.com/Files.ReadWrite
		graph_files_all                    https://graph.microsoft.com/Files.Read.All
		graph_files_all_update             https://graph.microsoft.com/Files.ReadWrite.All
		graph_notes                        https://graph.microsoft.com/Notes.Read
		graph_notes_create                 https://graph.microsoft.com/Notes.Create
		graph_notes_update                 https://graph.microsoft.com/Notes.ReadWrite
		graph_tasks                        https://graph.microsoft.com/Tasks.Read
		graph_tasks_update                 https://graph.microsoft.com/Tasks.ReadWrite
		directory_accessasuser_all         https://graph.microsoft.com/Directory.AccessAsUser.All
		directory_read_all                 https://graph.microsoft.com/Directory.Read.All
		directory_readwrite_all            https://graph.microsoft.com/Directory.ReadWrite.All
		group_read_all                     https://graph.microsoft.com/Group.Read.All
		group_readwrite_all                https://graph.microsoft.com/Group.ReadWrite.All
		mail_readwrite_all                 https://graph.microsoft.com/Mail.ReadWrite.All
		mail_send                          https://graph.microsoft.com/Mail.Send
		rolemanagement_read_all            https://graph.microsoft.com/RoleManagement.Read.All
		rolemanagement_readwrite_directory https://graph.microsoft.com/RoleManagement.ReadWrite.Directory
		sites_read_all                     https://graph.microsoft.com/Sites.Read.All
		sites_readwrite_all                https://graph.microsoft.com/Sites.ReadWrite.All
		team_readbasic_all                 https://graph.microsoft.com/Team.ReadBasic.All
		team_readwrite_all                 https://graph.microsoft.com/Team.ReadWrite.All
		user_read_all                      https://graph.microsoft.com/User.Read.All
		user_readbasic_all                 https://graph.microsoft.com/User.ReadBasic.All
		offline_access`

	// liveFlags are the scopes of Live Connect, the predecessor of Microsoft Graph.
	liveFlags = `
		*signin             wl.signin
		basic               wl.basic
		emails              wl.emails
		applications        wl.applications
		applications_create wl.applications_create
		birthday            wl.birthday
		calendars           wl.calendars
		calendars_update    wl.calendars_update
		contacts_birthday   wl.contacts_birthday
		contacts_calendars  wl.contacts_calendars
		contacts_create     wl.contacts_create
		contacts_photos     wl.contacts_photos
		contacts_skydrive   wl.contacts_skydrive
		events_create       wl.events_create
		messenger           wl.messenger
		offline_access      wl.offline_access
		phone_numbers       wl.phone_numbers
		photos              wl.photos
		postal_addresses    wl.postal_addresses
		share               wl.share
		skydrive            wl.skydrive
		skydrive_update     wl.skydrive_update
		work_profile        wl.work_profile`
)
